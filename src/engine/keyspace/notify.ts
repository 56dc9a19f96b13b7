/** Keyspace notifications: `__keyspace@0__:key` gets the event, `__keyevent@0__:event` the key, for the classes that notify-keyspace-events names. */
import type { Bytes } from '../bytes/bytes.ts'
import type { NotifyClass } from '../commands/command.ts'
import type { Server } from '../server/server.ts'

const BITS: Readonly<Record<string, number>> = {
  K: 1,
  E: 2,
  g: 4,
  $: 8,
  l: 16,
  s: 32,
  h: 64,
  z: 128,
  x: 256,
  e: 512,
  t: 1024,
  m: 2048,
  d: 8192,
  n: 16384,
}
const ALL = 4 | 8 | 16 | 32 | 64 | 128 | 256 | 512 | 1024 | 8192

/** keyspaceEventsStringToFlags; 'A' is everything but m and n. */
export function notifyFlagsOf(text: string): number {
  let flags = 0
  for (const ch of text) flags |= ch === 'A' ? ALL : (BITS[ch] ?? 0)
  return flags
}

export function notifyKeyspaceEvent(server: Server, cls: NotifyClass, event: string, key: Bytes, dbid: number): void {
  const flags = server.notifyFlags
  if ((flags & (BITS[cls] ?? 0)) === 0) return
  if (flags & 1) server.publish(`__keyspace@${dbid}__:${key}`, event)
  if (flags & 2) server.publish(`__keyevent@${dbid}__:${event}`, key)
}
