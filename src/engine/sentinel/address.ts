/** What getaddrinfo takes with AI_NUMERICHOST: dotted quads and IPv6. */
export function isIpAddress(text: string): boolean {
  const quad = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (quad) return quad.slice(1).every((n) => Number(n) <= 255)
  return /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/.test(text) && text.includes(':') && text.length >= 2
}

const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** ctime(3) in UTC, without the newline: `Sat Nov 21 14:35:58 2026`. */
export function ctime(seconds: number): string {
  const days = Math.floor(seconds / 86400)
  const inDay = seconds - days * 86400
  // Days to civil date: years begin in March, so that the leap day is the last.
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const doe = z - era * 146097
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365)
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  const mp = Math.floor((5 * doy + 2) / 153)
  const day = doy - Math.floor((153 * mp + 2) / 5) + 1
  const month = mp < 10 ? mp + 2 : mp - 10
  const year = yoe + era * 400 + (month < 2 ? 1 : 0)
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  const clock = `${two(inDay / 3600)}:${two((inDay % 3600) / 60)}:${two(inDay % 60)}`
  return `${DAYS[((days % 7) + 7) % 7]} ${MONTHS[month]} ${String(day).padStart(2)} ${clock} ${year}`
}

/** atoi(3): the leading integer, 0 when there is none. */
export function atoi(text: string): number {
  const m = /^\s*([+-]?\d+)/.exec(text)
  return m ? Number(m[1]) : 0
}
/** string2ll for numbers that fit: null when it isn't one. */
export function strictInt(text: string): number | null {
  return /^(0|-?[1-9]\d{0,18})$/.test(text) ? Number(text) : null
}
