/** A bell: the bellwether is the sheep that wears one, and that the flock follows. */
export function Logo() {
  return (
    <svg aria-hidden viewBox="0 0 32 32" className="size-8 shrink-0">
      <rect width="32" height="32" rx="9" className="fill-ink" />
      <path
        d="M16 7.5c-4 0-6.2 3-6.2 6.6 0 4-1.3 5.6-2.3 6.9h17c-1-1.3-2.3-2.9-2.3-6.9 0-3.6-2.2-6.6-6.2-6.6Z"
        fill="none"
        strokeWidth="2"
        strokeLinejoin="round"
        className="stroke-page"
      />
      <path
        d="M13.6 24.2a2.5 2.5 0 0 0 4.8 0"
        fill="none"
        strokeWidth="2"
        strokeLinecap="round"
        className="stroke-hit"
      />
    </svg>
  );
}
