/** The calendar month of an instant, in UTC: its name (`2026-01`), and when it ends (epoch ms). */
export function monthOf(at: number): { month: string; endsAt: number } {
  const date = new Date(at);
  return {
    month: date.toISOString().slice(0, 7),
    endsAt: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1),
  };
}
