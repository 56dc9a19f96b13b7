/**
 * From words to values and back, one directive at a time: the kinds' parsers, their limits and the texts of their errors.
 * A parser throws ConfigError with the text that CONFIG SET and the config file show after the directive's name.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { parseDouble } from '../bytes/numbers.ts'
import { quoteBytes, splitArgs } from '../bytes/quote.ts'
import type { Directive } from './config-table.ts'
import type { ConfigValues, OutputBufferLimits, SavePoint } from './config-values.ts'

export class ConfigError extends Error {}
const fail = (text: string): never => {
  throw new ConfigError(text)
}

const ULLONG_MAX = 18446744073709551615n
const LLONG_MAX = 9223372036854775807n
const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000000n,
  mb: 1048576n,
  g: 1000000000n,
  gb: 1073741824n,
}

/** memtoull: "100", "10mb", "1g"; no digits are none (0). Null when it is not one. */
export function parseMemory(text: Bytes): bigint | null {
  const m = /^(\d{0,127})([a-z]*)$/i.exec(text)
  const unit = m && UNITS[(m[2] ?? '').toLowerCase()]
  if (!m || unit === undefined || unit === null) return null
  const n = BigInt(m[1] || '0')
  return BigInt.asUintN(64, (n > ULLONG_MAX ? ULLONG_MAX : n) * unit)
}

function parseNumber(d: Directive, text: Bytes): number {
  const min = d.min ?? 0n
  const max = d.max ?? 0n
  const memory = d.flags.includes('memory')
  const percent = d.flags.includes('percent')
  let v: bigint | null = null
  if (percent && text.endsWith('%')) {
    const n = /^-?\d+%$/.test(text) ? BigInt(text.slice(0, -1)) : null
    if (n !== null && n >= 0n) {
      if (n > -min) fail(`percentage argument must be less or equal to ${-min}`)
      return n === 0n ? 0 : Number(-n)
    }
  }
  if (memory) v = parseMemory(text)
  else if (d.flags.includes('octal')) v = /^[0-7]+$/.test(text) ? BigInt(`0o${text}`) : null
  else v = /^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : null
  if (
    v !== null &&
    (v > 18446744073709551615n ||
      (max <= 9223372036854775807n && !memory && v > 9223372036854775807n) ||
      v < -9223372036854775808n)
  )
    v = null
  if (v === null) {
    if (memory && percent) fail('argument must be a memory or percent value')
    if (memory) fail('argument must be a memory value')
    if (d.flags.includes('octal')) fail("argument couldn't be parsed as an octal number")
    return fail("argument couldn't be parsed into an integer")
  }
  if (memory && percent && v > LLONG_MAX) {
    // Read as unsigned, kept as signed: what is negative then is a percentage.
    const wrapped = BigInt.asIntN(64, v)
    if (wrapped < min) fail(`percentage argument must be less or equal to ${-min}`)
    return Number(wrapped)
  }
  const low = memory && min < 0n ? 0n : min
  if (v < low || v > max) {
    if (d.flags.includes('octal')) fail(`argument must be between ${min.toString(8)} and ${max.toString(8)} inclusive`)
    fail(`argument must be between ${min} and ${max} inclusive`)
  }
  return Number(v)
}

const one = (words: readonly Bytes[]): Bytes => {
  if (words.length !== 1) fail('wrong number of arguments')
  return words[0] ?? ''
}

function parseFlags(d: Directive, words: readonly Bytes[]): readonly string[] {
  const list = words.length === 1 ? (words[0] ?? '').split(' ').filter((w) => w !== '') : words
  const values = d.values ?? []
  const got = list.map((w) => w.toLowerCase())
  if (got.length === 0 || got.some((w) => !values.includes(w)))
    fail(`argument(s) must be one of the following: ${values.join(', ')}`)
  if (got.includes('nosave') && got.includes('save'))
    fail("shutdown options SAVE and NOSAVE can't be used simultaneously")
  const chosen = values.filter((v) => v !== 'default' && got.includes(v))
  return chosen.length > 0 ? chosen : ['default']
}

const EVENT_CLASSES = 'AKE$lshzgxetmdn'
/** keyspaceEventsStringToFlags and back: "KEA" and "AKE" are one thing. Null for a letter that is none. */
export function canonicalEvents(text: Bytes): string | null {
  const on = new Set<string>()
  for (const c of text) {
    if (!EVENT_CLASSES.includes(c)) return null
    if (c === 'A') for (const a of 'g$lshzxetd') on.add(a)
    else on.add(c)
  }
  let out = [...'g$lshzxetd'].every((c) => on.has(c)) ? 'A' : [...'g$lshzxetdn'].filter((c) => on.has(c)).join('')
  for (const c of 'KEm') if (on.has(c)) out += c
  if (out.startsWith('A') && on.has('n')) out += 'n'
  return out
}

const isCount = (w: Bytes): boolean => /^\s*[+-]?\d+$/.test(w)
/** strtoll takes nothing at all for 0. */
const isCountOrEmpty = (w: Bytes): boolean => w === '' || isCount(w)

function parseSave(words: readonly Bytes[]): readonly SavePoint[] {
  const list = words.length === 1 ? (words[0] ?? '').split(' ') : words
  if (words.length === 1 && words[0] === '') return []
  if (list.length % 2 !== 0) fail('Invalid save parameters')
  const points: SavePoint[] = []
  for (let i = 0; i < list.length; i += 2) {
    const [s = '', c = ''] = [list[i], list[i + 1]]
    if (!isCountOrEmpty(s) || !isCountOrEmpty(c) || Number(s) < 1 || Number(c) < 0) fail('Invalid save parameters')
    points.push({ seconds: Number(s), changes: Number(c) })
  }
  return points
}

function parseLimits(words: readonly Bytes[], current: OutputBufferLimits): OutputBufferLimits {
  const list = words.length === 1 ? (splitArgs(words[0] ?? '') ?? []) : words
  if (list.length % 4 !== 0) fail('Wrong number of arguments in buffer limit configuration.')
  const next: OutputBufferLimits = {
    normal: { ...current.normal },
    slave: { ...current.slave },
    pubsub: { ...current.pubsub },
  }
  for (let i = 0; i < list.length; i += 4) {
    const name = (list[i] ?? '').toLowerCase()
    const cls = name === 'replica' ? 'slave' : name
    if (cls !== 'normal' && cls !== 'slave' && cls !== 'pubsub')
      return fail('Invalid client class specified in buffer limit configuration.')
    const hard = parseMemory(list[i + 1] ?? '')
    const soft = parseMemory(list[i + 2] ?? '')
    const seconds = list[i + 3] ?? ''
    if (hard === null || soft === null || !/^\d+$/.test(seconds))
      return fail('Error in hard, soft or soft_seconds setting in buffer limit configuration.')
    next[cls] = { hardLimitBytes: Number(hard), softLimitBytes: Number(soft), softLimitSeconds: Number(seconds) }
  }
  return next
}

function parseOom(words: readonly Bytes[]): readonly number[] {
  const list = words.length === 1 ? (words[0] ?? '').split(' ') : words
  if (list.length !== 3) fail('wrong number of arguments')
  const values = list.map(Number)
  if (list.some((w) => !isCount(w)) || values.some((v) => v < -2000 || v > 2000))
    fail('Invalid oom-score-adj-values, elements must be between -2000 and 2000.')
  return values
}

function parsePercentiles(words: readonly Bytes[]): readonly number[] {
  const list = words.length === 1 ? (words[0] === '' ? [] : (words[0] ?? '').split(' ')) : words
  return list.map((w) => {
    if (parseDouble(w) === null) fail('Invalid latency-tracking-info-percentiles parameters')
    const v = parseDouble(w) ?? 0
    if (v < 0 || v > 100) fail('latency-tracking-info-percentiles parameters should sit between [0.0,100.0]')
    return v
  })
}

function parseSpecial(d: Directive, words: readonly Bytes[], current: ConfigValues): unknown {
  switch (d.name) {
    case 'save':
      return parseSave(words)
    case 'client-output-buffer-limit':
      return parseLimits(words, current.clientOutputBufferLimit)
    case 'oom-score-adj-values':
      return parseOom(words)
    case 'notify-keyspace-events':
      return canonicalEvents(one(words)) ?? fail("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
    case 'bind': {
      const list = words.length === 1 ? (words[0] ?? '').split(' ').filter((w) => w !== '') : words
      if (list.length > 16) fail('Too many bind addresses specified.')
      return list.length === 1 && list[0] === '' ? [] : list
    }
    case 'replicaof': {
      if (words.length !== 2) fail('wrong number of arguments')
      const [host = '', port = ''] = words
      if (host.toLowerCase() === 'no' && port.toLowerCase() === 'one') return null
      if (!/^\d+$/.test(port) || Number(port) > 65535) fail('Invalid master port')
      return { host, port: Number(port) }
    }
    case 'latency-tracking-info-percentiles':
      return parsePercentiles(words)
    default:
      return one(words)
  }
}

function checkString(d: Directive, v: Bytes): string {
  const slash = v.includes('/')
  if (d.name === 'dbfilename' && slash) fail("dbfilename can't be a path, just a filename")
  if (d.name === 'appendfilename' && v === '') fail("appendfilename can't be empty")
  if (d.name === 'appendfilename' && slash) fail("appendfilename can't be a path, just a filename")
  if (d.name === 'appenddirname' && v === '') fail("appenddirname can't be empty")
  if (d.name === 'appenddirname' && slash) fail("appenddirname can't be a path, just a dirname")
  if (d.name === 'proc-title-template') {
    const known = ['title', 'listen-addr', 'server-mode', 'port', 'tls-port', 'unixsocket', 'config-file']
    const names = [...v.matchAll(/\{([^}]*)\}/g)].map((m) => m[1] ?? '')
    const unknown = names.some((n) => !known.includes(n)) || /\{[^}]*$/.test(v)
    // A title that comes out empty is none; that of the program is not known yet.
    if (unknown || v.replaceAll('{title}', '').replaceAll(' ', '') === '')
      fail('template format is invalid or contains unknown variables')
  }
  if (d.name === 'cluster-announce-hostname') {
    if (v.length >= 256) fail('Hostnames must be less than 256 characters')
    if (!/^[A-Za-z0-9.-]*$/.test(v)) fail('Hostnames may only contain alphanumeric characters, hyphens or dots')
  }
  return v
}

/** The value that `words` stand for. */
export function parseDirective(d: Directive, words: readonly Bytes[], current: ConfigValues): unknown {
  switch (d.kind) {
    case 'bool': {
      const w = one(words).toLowerCase()
      if (w !== 'yes' && w !== 'no') fail("argument must be 'yes' or 'no'")
      if (d.name === 'activedefrag' && w === 'yes') {
        fail(
          'Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution',
        )
      }
      return w === 'yes'
    }
    case 'number':
      return parseNumber(d, one(words))
    case 'enum': {
      const w = one(words).toLowerCase()
      if (!d.values?.includes(w)) fail(`argument(s) must be one of the following: ${d.values?.join(', ')}`)
      return w
    }
    case 'flags':
      return parseFlags(d, words)
    case 'string':
      return checkString(d, one(words))
    default:
      return parseSpecial(d, words, current)
  }
}

/** formatDouble of `%.17g`-like percentiles: 50, 99, 99.9. */
const plain = (n: number): string => (Object.is(n, -0) ? '-0' : `${n}`)

/** A number that lost its last digits to the powers of two: the largest values of 64 bits are what was most likely meant. */
function nearest(n: number): bigint {
  const exact = BigInt(n)
  return exact === LLONG_MAX + 1n || exact > ULLONG_MAX ? exact - 1n : exact
}

const LIMIT_CLASSES = ['normal', 'slave', 'pubsub'] as const

/** As CONFIG GET shows it. */
export function formatDirective(d: Directive, value: unknown): Bytes {
  // 7.0.15 does not show its n behind A.
  if (d.name === 'notify-keyspace-events' && String(value).startsWith('A')) return String(value).replace('n', '')
  switch (d.kind) {
    case 'bool':
      return value ? 'yes' : 'no'
    case 'number': {
      const n = value as number
      if (d.flags.includes('percent') && n < 0) return `${-n}%`
      return d.flags.includes('octal') ? n.toString(8) : n > Number.MAX_SAFE_INTEGER ? `${nearest(n)}` : `${n}`
    }
    case 'enum':
    case 'string':
      return value as string
    case 'flags':
      return (value as readonly string[]).join(' ')
  }
  switch (d.name) {
    case 'save':
      return (value as readonly SavePoint[]).map((p) => `${p.seconds} ${p.changes}`).join(' ')
    case 'client-output-buffer-limit': {
      const l = value as OutputBufferLimits
      return LIMIT_CLASSES.map(
        (c) => `${c} ${l[c].hardLimitBytes} ${l[c].softLimitBytes} ${l[c].softLimitSeconds}`,
      ).join(' ')
    }
    case 'replicaof': {
      const r = value as { host: string; port: number } | null
      return r === null ? '' : `${r.host} ${r.port}`
    }
    case 'latency-tracking-info-percentiles':
      return (value as readonly number[]).map(plain).join(' ')
    case 'bind':
    case 'oom-score-adj-values':
      return (value as readonly (string | number)[]).join(' ')
    default:
      return value as string
  }
}

function formatMemory(n: number): string {
  if (n !== 0 && n % 1073741824 === 0) return `${n / 1073741824}gb`
  if (n !== 0 && n % 1048576 === 0) return `${n / 1048576}mb`
  if (n !== 0 && n % 1024 === 0) return `${n / 1024}kb`
  return `${n}`
}

/** The lines that CONFIG REWRITE writes for one directive, each with whether it must appear even when the file lacks it. */
export function rewriteLines(d: Directive, value: unknown, initial: unknown): { line: string; force: boolean }[] {
  const text = formatDirective(d, value)
  const force = text !== formatDirective(d, initial)
  switch (d.name) {
    case 'dir':
      return [{ line: `dir ${quoteBytes(text)}`, force: true }]
    case 'save': {
      const points = value as readonly SavePoint[]
      if (points.length === 0) return [{ line: 'save ""', force: true }]
      return points.map((p) => ({ line: `save ${p.seconds} ${p.changes}`, force: true }))
    }
    case 'client-output-buffer-limit': {
      const [now, def] = [value as OutputBufferLimits, initial as OutputBufferLimits]
      return LIMIT_CLASSES.map((c) => {
        const l = now[c]
        const changed =
          l.hardLimitBytes !== def[c].hardLimitBytes ||
          l.softLimitBytes !== def[c].softLimitBytes ||
          l.softLimitSeconds !== def[c].softLimitSeconds
        const shown = c === 'slave' ? 'replica' : c
        return {
          line: `${d.name} ${shown} ${formatMemory(l.hardLimitBytes)} ${formatMemory(l.softLimitBytes)} ${l.softLimitSeconds}`,
          force: changed,
        }
      })
    }
    case 'replicaof':
      return value === null ? [] : [{ line: `replicaof ${text}`, force: true }]
    case 'latency-tracking-info-percentiles':
      return [{ line: `${d.name} ${text === '' ? '""' : text}`, force: true }]
    case 'bind':
      return [{ line: text === '' ? 'bind ""' : `bind ${text}`, force }]
    case 'notify-keyspace-events':
      return [{ line: `${d.name} ${quoteBytes(text)}`, force }]
  }
  if (d.kind === 'string')
    return text === '' && !['logfile', 'aclfile', 'ignore-warnings'].includes(d.name)
      ? []
      : [{ line: `${d.name} ${quoteBytes(text)}`, force }]
  if (d.flags.includes('memory') && (value as number) >= 0)
    return [{ line: `${d.name} ${formatMemory(value as number)}`, force }]
  return [{ line: `${d.name} ${text}`, force }]
}
