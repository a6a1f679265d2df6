import type { DashboardView, HealthView } from './views.ts';

const REFRESH_SECONDS = 2;
const IDLE_REFRESH_SECONDS = 15;

const LINKS: readonly (readonly [path: string, words: string])[] = [
  ['/signal?horizon_minutes=60', 'the present signal'],
  ['/signal/history', 'past signals and outcomes'],
  ['/features/latest', 'the newest features'],
  ['/models/performance', 'accuracy against the baselines'],
  ['/health', 'how the system is'],
  ['/metrics', 'figures for Prometheus'],
  ['/docs', 'the whole API, to try out'],
];

const STYLE = `
:root { color-scheme: light dark; --ink: #16202b; --soft: #5b6875; --line: #dde3e9; --ground: #f6f8fa; --card: #ffffff; --accent: #b8610b; --warn: #9a3412; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --soft: #93a1af; --line: #27323d; --ground: #0d1319; --card: #141c24; --accent: #f2a44a; --warn: #fdba74; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; display: grid; place-items: center; padding: 24px; }
main { width: 100%; max-width: 34rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 28px; }
h1 { margin: 0; font-size: 1.35rem; letter-spacing: -0.01em; }
p { margin: 8px 0 0; color: var(--soft); overflow-wrap: anywhere; }
.now { color: var(--ink); }
.banner { margin: 0 0 16px; padding: 8px 12px; border: 1px solid var(--accent); border-radius: 8px; color: var(--accent); font-size: 0.9rem; }
.failed { color: var(--warn); }
progress { width: 100%; height: 8px; margin-top: 16px; accent-color: var(--accent); }
ul { list-style: none; margin: 20px 0 0; padding: 16px 0 0; border-top: 1px solid var(--line); display: grid; gap: 6px; }
a { color: var(--accent); text-decoration: none; font-family: ui-monospace, monospace; font-size: 0.9rem; }
a:hover, a:focus-visible { text-decoration: underline; }
li span { color: var(--soft); font-size: 0.9rem; }
footer { margin-top: 20px; color: var(--soft); font-size: 0.8rem; }
`;

/**
 * The page that stands at `/` until the real one is built. It has no script: it asks for itself anew every two
 * seconds, and gets the real page as soon as there is one.
 * @param health - null when it could not be asked
 */
export function waitingPage(dashboard: DashboardView, health: HealthView | null): string {
  const isMoving = dashboard.state === 'building' || health?.status === 'starting';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${isMoving ? REFRESH_SECONDS : IDLE_REFRESH_SECONDS}">
<title>Bellwether</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
${banner(health)}<h1>Bellwether</h1>
${happening(health)}
${pageState(dashboard, health)}
<ul>
${LINKS.map(([path, words]) => `<li><a href="${path}">${path}</a> <span>${words}</span></li>`).join('\n')}
</ul>
<footer>Nothing here is investment advice.</footer>
</main>
</body>
</html>
`;
}

function banner(health: HealthView | null): string {
  if (!health?.simulated) return '';
  return '<p class="banner" role="status">Simulated market: none of these prices and headlines are real.</p>\n';
}

function happening(health: HealthView | null): string {
  if (health === null) return '<p class="now failed">The system cannot say how it is; its log can.</p>';
  if (health.progress !== null) {
    const { phrase, share } = health.progress;
    const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
    return `<p class="now">${escapeHtml(phrase)}</p>
<progress max="100" value="${percent}" aria-label="${escapeHtml(phrase)}">${percent} %</progress>`;
  }
  if (health.status === 'failing') {
    const faults = health.checks.filter(({ status }) => status === 'failing').map(({ detail }) => detail);
    return `<p class="now failed">The system is failing. ${escapeHtml(faults.join(' '))}</p>`;
  }
  if (health.status === 'starting') return '<p class="now">The system is starting.</p>';
  return `<p class="now">${health.windows} windows of ${escapeHtml(health.asset)} have been decided; the API answers.</p>`;
}

/** What stands in for a page: the reason that was given where there is one, said once. */
function pageState({ state, detail }: DashboardView, health: HealthView | null): string {
  const isStarting = health !== null && (health.lastWindow === null || health.progress !== null);
  const words = {
    ready: 'The page is built, but its file could not be read.',
    building: isStarting
      ? 'The page is built after the first signal and will stand here by itself.'
      : 'The page is being built and will stand here by itself.',
    failed: detail === '' ? 'The page could not be built; API and predictions go on.' : detail,
    off: detail === '' ? 'The page is not built here.' : detail,
  }[state];
  return `<p${state === 'failed' ? ' class="failed"' : ''}>${escapeHtml(words)}</p>`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
