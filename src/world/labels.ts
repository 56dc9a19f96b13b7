/**
 * What a packet says, in a few words: "SET k v", "+OK", "INFO reply 3.4 kB", "vote for s1 epoch 4". A small RESP reader
 * that looks at the first message and counts those behind it. The text comes from users: whoever shows it must treat
 * it as text.
 */
import type { Bytes } from '../engine/bytes/bytes.ts'
import type { Packet, Peer } from './packet.ts'
import type { PacketView } from './types.ts'

const MAX_LABEL = 90
const MAX_WORD = 24
/** Words of a command that are shown. */
const MAX_ARGS = 4
const MAX_COUNTED = 99

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
    case 'ack':
      return `${packet.count} bytes read`
    case 'data':
      return dataLabel(packet.bytes)
  }
}

/** Names the first message and says how many follow. */
export function dataLabel(bytes: Bytes): string {
  if (bytes.startsWith('REDIS0')) return `RDB ${size(bytes.length)}`
  if (bytes.startsWith('$EOF:')) return 'RDB of unknown length'
  if (bytes.startsWith('RCmb')) return busLabel(bytes)
  const first = readValue(bytes, 0, 0)
  if (!first) return shorten(printable(bytes.slice(0, MAX_LABEL + 1)), MAX_LABEL)
  const more = first.complete ? following(bytes, first.next) : 0
  const label = shorten(say(first.value), MAX_LABEL)
  return more > 0 ? `${label} and ${more >= MAX_COUNTED ? 'many' : more} more` : label
}

/** The bus's packets by their type's number. */
const BUS_TYPES = 'PING PONG MEET FAIL PUBLISH AUTH_REQUEST AUTH_ACK UPDATE MFSTART MODULE PUBLISHSHARD'.split(' ')
const BUS_HEADER = 2256
const GOSSIP_ENTRY = 104
const [PFAIL, FAIL] = [4, 8]

/** A packet of a cluster's bus: "PING, PFAIL 07c3a1b2", "FAIL 07c3a1b2", "AUTH_REQUEST epoch 10". */
function busLabel(bytes: Bytes): string {
  const u16 = (at: number): number => (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1)
  const u32 = (at: number): number => u16(at) * 65536 + u16(at + 2)
  const name = (at: number): string => printable(bytes.slice(at, at + 8))
  if (bytes.length < BUS_HEADER) return `part of a bus packet, ${size(bytes.length)}`
  const [length, type] = [u32(4), u16(12)]
  let label = BUS_TYPES[type] ?? `bus type ${type}`
  if (type <= 2) {
    for (let i = 0, at = BUS_HEADER; i < u16(14) && at + GOSSIP_ENTRY <= bytes.length; i++, at += GOSSIP_ENTRY) {
      const flags = u16(at + 98)
      if ((flags & (PFAIL | FAIL)) !== 0) label += `, ${(flags & FAIL) !== 0 ? 'FAIL' : 'PFAIL'} ${name(at)}`
    }
  } else if (type === 3) label += ` ${name(BUS_HEADER)}`
  else if (type === 5 || type === 6) label += ` epoch ${u32(20)}`
  else if (type === 7) label += ` ${name(BUS_HEADER + 8)} epoch ${u32(BUS_HEADER + 4)}`
  const more = length > 0 && bytes.length > length ? ' and more' : ''
  return shorten(label + more, MAX_LABEL)
}

interface Value {
  /** '+', '-', ':', '$', '*', or what RESP3 adds. */
  readonly kind: string
  readonly text: string
  /** Bytes of a string, elements of an array; -1 for nil. */
  readonly size: number
  readonly items: readonly Value[]
}
interface Read {
  readonly value: Value
  readonly next: number
  /** False when the packet ends, or reading gave up, before the value did. */
  readonly complete: boolean
}

function following(bytes: Bytes, from: number): number {
  let at = from
  let n = 0
  while (at < bytes.length && n < MAX_COUNTED) {
    const read = readValue(bytes, at, 0)
    if (!read?.complete) break
    at = read.next
    n++
  }
  return n
}

function readLine(bytes: Bytes, at: number): { line: string; next: number } | null {
  const end = bytes.indexOf('\r\n', at)
  return end === -1 || end - at > 512 ? null : { line: bytes.slice(at, end), next: end + 2 }
}

function readValue(bytes: Bytes, at: number, depth: number): Read | null {
  const head = readLine(bytes, at)
  if (!head) return null
  const kind = head.line[0] ?? ''
  const rest = head.line.slice(1)
  if (/[$=*>%~]/.test(kind) && !/^-?\d+$/.test(rest)) return null
  const n = Number(rest)
  if (kind === '$' || kind === '=') {
    if (n < 0) return { value: { kind, text: '', size: -1, items: [] }, next: head.next, complete: true }
    const text = bytes.slice(head.next, head.next + Math.min(n, 200))
    const next = head.next + n + 2
    return { value: { kind, text, size: n, items: [] }, next, complete: next <= bytes.length }
  }
  if (kind === '*' || kind === '>' || kind === '%' || kind === '~')
    return readItems(bytes, head.next, kind, kind === '%' ? n * 2 : n, depth)
  return { value: { kind, text: head.line, size: head.line.length, items: [] }, next: head.next, complete: true }
}

function readItems(bytes: Bytes, start: number, kind: string, n: number, depth: number): Read {
  const items: Value[] = []
  let at = start
  for (let i = 0; i < n && i < 64 && depth < 4; i++) {
    const read = readValue(bytes, at, depth + 1)
    if (!read) break
    items.push(read.value)
    at = read.next
    if (!read.complete) break
  }
  return { value: { kind, text: '', size: n, items }, next: at, complete: items.length >= n && at <= bytes.length }
}

function say(value: Value): string {
  if (value.size < 0) return '(nil)'
  switch (value.kind) {
    case '+':
    case '-':
    case ':':
      return printable(value.text)
    case '$':
    case '=':
      return sayString(value)
    case '*':
    case '>':
    case '%':
    case '~':
      return sayArray(value)
    default:
      return shorten(printable(value.text), MAX_LABEL)
  }
}

function sayString({ text, size: n }: Value): string {
  if (/^# (Server|Clients|Memory|Replication|Sentinel)\r?\n/.test(text)) return `INFO reply ${size(n)}`
  if (text.startsWith('REDIS0')) return `RDB ${size(n)}`
  return n <= MAX_WORD ? `"${printable(text)}"` : `string ${size(n)}`
}

function sayArray({ kind, items, size: n }: Value): string {
  const words = items.map((i) => i.text)
  if (n === 0) return '(empty)'
  if (words[1] === '__sentinel__:hello' && /^(publish|message)$/i.test(words[0] ?? '')) return sayHello(words[2] ?? '')
  if (items[0]?.kind === ':' && items[2]?.kind === ':' && n === 3 && /^([0-9a-f]{40}|\*)$/.test(words[1] ?? ''))
    return sayVote(words)
  const command = kind === '*' && items.every((i) => i.kind === '$') && /^[a-z][a-z-]*$/i.test(words[0] ?? '')
  if (!command) return n <= 3 && items.every((i) => i.items.length === 0) ? items.map(word).join(' ') : `${n} elements`
  if (/^sentinel$/i.test(words[0] ?? '') && /^is-master-down-by-addr$/i.test(words[1] ?? '')) return sayAsk(words)
  const shown = items.slice(0, MAX_ARGS).map(word)
  return [(words[0] ?? '').toUpperCase(), ...shown.slice(1), ...(n > shown.length ? ['…'] : [])].join(' ')
}

/** "ip,port,runid,epoch,master,ip,port,epoch", as Sentinels greet each other. */
function sayHello(text: string): string {
  const [ip, port, , epoch, master] = text.split(',')
  return `hello ${printable(`${ip ?? ''}:${port ?? ''}`)} epoch ${printable(epoch ?? '')} ${printable(master ?? '')}`.trim()
}
/** One Sentinel to another: is it down, or (with a run id) will you vote for me? */
function sayAsk([, , ip, port, epoch, runid]: readonly string[]): string {
  if (runid === '*') return `is ${printable(`${ip}:${port}`)} down?`
  return `ask vote for ${printable(runid ?? '')} epoch ${printable(epoch ?? '')}`
}
function sayVote([down, leader, epoch]: readonly string[]): string {
  const opinion = down === ':1' ? 'down' : 'not down'
  return leader === '*' ? opinion : `${opinion}, vote ${leader} epoch ${epoch?.slice(1) ?? ''}`
}

function word(value: Value): string {
  if (value.size < 0) return '(nil)'
  if (value.items.length > 0) return `[${value.size}]`
  if (value.text === '') return '""'
  return value.size > MAX_WORD && !/^[0-9a-f]{40}$/.test(value.text)
    ? `${printable(value.text.slice(0, MAX_WORD - 1))}…`
    : printable(value.text)
}

const shorten = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

const size = (n: number): string =>
  n < 1000 ? `${n} B` : n < 1_000_000 ? `${(n / 1000).toFixed(1)} kB` : `${(n / 1_000_000).toFixed(1)} MB`

function printable(text: string): string {
  let out = ''
  for (const c of text) out += c < ' ' || c > '~' ? '·' : c
  return out
}
