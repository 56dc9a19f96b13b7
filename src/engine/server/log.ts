/** Log lines as Redis writes them: `1234:M 05 Jan 2026 10:20:30.123 * text`; C before the role is known, S replica, X sentinel. */
import type { Server } from './server.ts'

export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning'
const LEVELS: readonly LogLevel[] = ['debug', 'verbose', 'notice', 'warning']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`)

/** Civil date (UTC) of days since 1970, without a Date. */
export function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const doe = z - era * 146097
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365)
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  const mp = Math.floor((5 * doy + 2) / 153)
  const month = mp < 10 ? mp + 3 : mp - 9
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1 }
}
export function formatLogTime(nowMs: number): string {
  const days = Math.floor(nowMs / 86400000)
  const rest = nowMs - days * 86400000
  const { year, month, day } = civilFromDays(days)
  const s = Math.floor(rest / 1000)
  return `${two(day)} ${MONTHS[month - 1]} ${year} ${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${String(rest % 1000).padStart(3, '0')}`
}
/** serverLogFromHandler: a signal handler may not format a date. */
export function formatSignalLine(server: Server, text: string, pid = server.env.pid): string {
  return `${pid}:signal-handler (${Math.floor(server.nowMs / 1000)}) ${text}`
}
/** Null when loglevel hides it. `childPid`: a line of a forked child. */
export function formatLogLine(server: Server, level: LogLevel, text: string, childPid?: number): string | null {
  const at = LEVELS.indexOf(level)
  if (at < LEVELS.indexOf(server.config.loglevel)) return null
  if (childPid !== undefined) return `${childPid}:C ${formatLogTime(server.nowMs)} ${'.-*#'.charAt(at)} ${text}`
  const role =
    server.mode === 'sentinel'
      ? 'X'
      : !server.booted && server.dbs.length === 0
        ? 'C'
        : server.isReplica || (!server.booted && server.config.replicaof !== null)
          ? 'S'
          : 'M'
  return `${server.env.pid}:${role} ${formatLogTime(server.nowMs)} ${'.-*#'.charAt(at)} ${text}`
}
/** What is said to systemd goes over a datagram socket that it names; there is none. */
export function supervisorIsAbsent(server: Server): void {
  if (server.config.supervised === 'systemd')
    server.log('warning', 'systemd supervision error: NOTIFY_SOCKET not found!')
}
