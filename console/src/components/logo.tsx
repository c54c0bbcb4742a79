/** The product's mark; decorative, so screen readers pass over it. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--mantine-color-brand-7)" />
      <circle cx="11" cy="12" r="3" fill="#fff" />
      <circle cx="21" cy="12" r="3" fill="#fff" fillOpacity={0.75} />
      <circle cx="16" cy="21" r="3.5" fill="#fff" />
    </svg>
  );
}
