export type Theme = 'system' | 'light' | 'dark';

const STORED_AS = 'bellwether-theme';

/** Runs before the first paint, so that a chosen theme does not flash; the page works without it. */
export const THEME_SCRIPT = `try{var t=localStorage.getItem('${STORED_AS}');if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch{}`;

/** The theme that stands on the page now. */
export function readTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

/** Puts a theme on the page and remembers it where the browser lets us. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem(STORED_AS);
    else localStorage.setItem(STORED_AS, theme);
  } catch {
    // Storage is blocked: the theme holds until the page is closed.
  }
}
