'use client';

import { Monitor, Moon, Sun } from 'lucide-react';
import { useEffect, useState } from 'react';
import { applyTheme, readTheme, type Theme } from '../lib/theme.ts';
import { Segmented } from './ui/segmented.tsx';

const OPTIONS = [
  { value: 'light', label: <Sun aria-hidden size={15} />, spoken: 'Light' },
  { value: 'system', label: <Monitor aria-hidden size={15} />, spoken: 'As the system' },
  { value: 'dark', label: <Moon aria-hidden size={15} />, spoken: 'Dark' },
] as const;

export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>('system');
  useEffect(() => setTheme(readTheme()), []);

  const choose = (next: Theme): void => {
    applyTheme(next);
    setTheme(next);
  };
  return <Segmented label="Colour theme" value={theme} options={OPTIONS} onChange={choose} />;
}
