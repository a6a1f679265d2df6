import { apiAddress } from '../lib/api.ts';

const LINKS = [
  { path: '/docs', name: 'API documentation' },
  { path: '/metrics', name: 'Metrics' },
  { path: '/health', name: 'Health as JSON' },
];

export function SiteFooter({ version }: { version: string | null }) {
  return (
    <footer className="flex flex-wrap items-center justify-between gap-x-8 gap-y-3 border-t border-line pt-6 text-[0.8125rem] text-ink-faint">
      <p className="max-w-prose">
        <strong className="font-medium text-ink-soft">Not investment advice.</strong> A probability near one
        half is close to a coin.
      </p>
      <nav aria-label="API" className="flex flex-wrap items-center gap-x-5 gap-y-2">
        {LINKS.map(({ path, name }) => (
          <a
            key={path}
            href={apiAddress(path)}
            className="py-1 underline decoration-line-strong underline-offset-4 hover:text-ink"
          >
            {name}
          </a>
        ))}
        {version === null ? null : <span>Version {version}</span>}
      </nav>
    </footer>
  );
}
