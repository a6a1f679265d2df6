/** A quiet place for something that has not arrived; it takes the room that the thing will take. */
export function Skeleton({ className = '' }: { className?: string }) {
  return <span aria-hidden className={`block animate-breathe rounded-md bg-line/60 ${className}`} />;
}
