/** Whether one event came after another: ids are `<ms>-<n>`, compared number by number. */
export function isLater(id: string, than: string): boolean {
  const [ms = 0, n = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherN = 0] = than.split('-').map(Number);
  return ms === otherMs ? n > otherN : ms > otherMs;
}
