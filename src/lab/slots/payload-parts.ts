/** The parts of what DUMP makes of a value. */
/** Behind the value: two bytes of RDB version, eight of CRC64. */
export const [VERSION, CHECKSUM] = [2, 8]
/** The parts of a payload by their first and last byte; a part that was cut off is not there. */
export function partsOf(total: number, shown: number): { name: string; from: number; to: number }[] {
  const value = total - VERSION - CHECKSUM
  return [
    { name: 'type', from: 0, to: 1 },
    { name: 'value', from: 1, to: value },
    { name: 'RDB version', from: value, to: value + VERSION },
    { name: 'CRC64', from: value + VERSION, to: total },
  ]
    .map((p) => ({ ...p, to: Math.min(p.to, shown) }))
    .filter((p) => p.from < p.to)
}
