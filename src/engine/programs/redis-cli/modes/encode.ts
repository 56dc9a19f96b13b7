/** Requests as a client writes them. */
import type { Bytes } from '../../../bytes/bytes.ts'

export function encodeCommands(commands: readonly (readonly Bytes[])[]): Bytes {
  let out = ''
  for (const argv of commands) {
    out += `*${argv.length}\r\n`
    for (const a of argv) out += `$${a.length}\r\n${a}\r\n`
  }
  return out
}
