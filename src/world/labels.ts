/**
 * What a packet says, in a few words: "SET k v", "+OK", "REPLCONF ACK 123", "hello s1". A small RESP reader that looks
 * at the first bytes only. The text comes from users: whoever shows it must treat it as text.
 */
import type { Bytes } from '../engine/bytes/bytes.ts'
import type { Packet, Peer } from './packet.ts'
import type { PacketView } from './types.ts'

const MAX_LABEL = 60
const MAX_ARGS = 8

export function packetChannel(from: Peer, to: Peer): PacketView['channel'] {
  if (from.kind === 'sentinel' || to.kind === 'sentinel') return 'sentinel'
  return from.kind === 'server' && to.kind === 'server' ? 'replication' : 'command'
}

export function packetLabel(packet: Packet): string {
  switch (packet.kind) {
    case 'syn':
      return 'connect'
    case 'synack':
      return 'accepted'
    case 'refuse':
      return 'refused'
    case 'fin':
    case 'abort':
      return 'close'
    case 'rst':
      return 'reset'
    case 'route':
      return 'listening'
    case 'data':
      return dataLabel(packet.bytes)
  }
}

/** Reads the first message; says how many follow when they are few enough to count. */
export function dataLabel(bytes: Bytes): string {
  const first = readValue(bytes, 0, 0)
  const label = first ? first.text : printable(bytes.slice(0, MAX_LABEL))
  return label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1)}…` : label
}

function printable(text: string): string {
  let out = ''
  for (const c of text) out += c < ' ' || c > '~' ? '·' : c
  return out
}

function readLine(bytes: Bytes, at: number): { line: string; next: number } | null {
  const end = bytes.indexOf('\r\n', at)
  return end === -1 || end - at > 512 ? null : { line: bytes.slice(at, end), next: end + 2 }
}

function readValue(bytes: Bytes, at: number, depth: number): { text: string; next: number } | null {
  const head = readLine(bytes, at)
  if (!head) return null
  const { line, next } = head
  const kind = line[0] ?? ''
  if (kind === '+' || kind === '-') return { text: printable(line.slice(0, 80)), next }
  if (kind === ':' || kind === ',' || kind === '#' || kind === '_') return { text: printable(line), next }
  const size = Number(line.slice(1))
  if (kind === '$' || kind === '=') {
    if (size < 0) return { text: '(nil)', next }
    return { text: printable(bytes.slice(next, next + Math.min(size, MAX_LABEL))), next: next + size + 2 }
  }
  if (kind !== '*' && kind !== '>' && kind !== '%' && kind !== '~') return { text: printable(line.slice(0, 80)), next }
  return readArray(bytes, next, kind === '%' ? size * 2 : size, depth)
}

function readArray(bytes: Bytes, start: number, size: number, depth: number): { text: string; next: number } | null {
  if (size < 0) return { text: '(nil)', next: start }
  const words: string[] = []
  let at = start
  for (let i = 0; i < size && i < MAX_ARGS && depth < 3; i++) {
    const word = readValue(bytes, at, depth + 1)
    if (!word) break
    words.push(word.text)
    at = word.next
  }
  const hello = words.findIndex((w) => w.includes('__sentinel__:hello'))
  if (hello !== -1 && /^(publish|message)$/i.test(words[0] ?? '')) {
    const [ip, port] = (words[hello + 1] ?? '').split(',')
    return { text: `hello ${ip ?? ''}:${port ?? ''}`, next: at }
  }
  return { text: words.join(' ') + (size > words.length ? ' …' : ''), next: at }
}
