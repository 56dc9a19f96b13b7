/** The command lines of an application client and of a proxy. */
import type { RingServer } from './ring.ts'

export interface AppOptions {
  /** Where to ask first; of a sharder and a proxy all the servers there are. */
  seeds: RingServer[]
  /** Requests a second. */
  rate: number
  /** So many requests are always on their way, as fast as they are answered; 0: `rate` decides. */
  inflight: number
  keys: number
  /** Before the names of the keys, where several clients are not to meet. */
  prefix: string
  /** 0 to 1. */
  writes: number
  /** Where reads go; `any`: to the master and its replicas alike. */
  readFrom: 'master' | 'replica' | 'any'
  /**
   * smart: keeps a slot map. dumb: always asks the first node that answers, and follows where it is sent. ring: the servers
   * know nothing of each other, the client's own ring says whose a key is.
   */
  routing: 'smart' | 'dumb' | 'ring'
  /** Points of each server on the ring. */
  vnodes: number
  /** Share of the requests that go to one key, 0 to 1. */
  hot: number
  /** Keys that the hot key is split into: hot#0, hot#1 … */
  split: number
  /** All keys are written once before the load begins. */
  fill: 'no' | 'yes'
  timeoutMs: number
  retries: number
}
export const appDefaults = (): AppOptions => ({
  seeds: [],
  rate: 20,
  inflight: 0,
  keys: 200,
  prefix: '',
  writes: 0.5,
  readFrom: 'master',
  routing: 'smart',
  vnodes: 160,
  hot: 0,
  split: 1,
  fill: 'no',
  timeoutMs: 1000,
  retries: 5,
})

export interface ProxyOptions {
  seeds: RingServer[]
  listen: number
  vnodes: number
  timeoutMs: number
}
/** Twemproxy's port in its own example. */
export const proxyDefaults = (): ProxyOptions => ({ seeds: [], listen: 22121, vnodes: 160, timeoutMs: 1000 })

type Numbers<T> = Readonly<Record<string, readonly [keyof T & string, number, number]>>
/** Without a list: any word. */
type Words<T> = Readonly<Record<string, readonly [keyof T & string, (readonly string[])?]>>

const appNumbers: Numbers<AppOptions> = {
  '--rate': ['rate', 0, 10_000],
  '--inflight': ['inflight', 0, 10_000],
  '--keys': ['keys', 1, 1_000_000],
  '--writes': ['writes', 0, 1],
  '--vnodes': ['vnodes', 1, 1000],
  '--hot': ['hot', 0, 1],
  '--split': ['split', 1, 1000],
  '--timeout': ['timeoutMs', 1, 60_000],
  '--retries': ['retries', 0, 100],
}
const appWords: Words<AppOptions> = {
  '--read-from': ['readFrom', ['master', 'replica', 'any']],
  '--routing': ['routing', ['smart', 'dumb', 'ring']],
  '--fill': ['fill', ['no', 'yes']],
  '--prefix': ['prefix'],
}
const proxyNumbers: Numbers<ProxyOptions> = {
  '--listen': ['listen', 1, 65535],
  '--vnodes': ['vnodes', 1, 1000],
  '--timeout': ['timeoutMs', 1, 60_000],
}
const WHOLE = /^(keys|inflight|vnodes|split|listen|retries|timeoutMs)$/

/** Takes `argv` into `options`; the text of the first thing that is wrong, or null. Also for what is typed while it runs. */
export const parseApp = (argv: readonly string[], options: AppOptions): string | null =>
  parse(argv, options, appNumbers, appWords)
export const parseProxy = (argv: readonly string[], options: ProxyOptions): string | null =>
  parse(argv, options, proxyNumbers, {})

function parse<T extends { seeds: RingServer[] }>(
  argv: readonly string[],
  options: T,
  numbers: Numbers<T>,
  words: Words<T>,
): string | null {
  const put = options as unknown as Record<string, unknown>
  for (let i = 0; i < argv.length; i++) {
    const name = argv[i] as string
    if (!name.startsWith('--')) {
      const server = parseServer(name)
      if (server === null) return `'${name}' is not an address host:port, nor name=host:port`
      addServer(options.seeds, server)
      continue
    }
    const value = argv[++i]
    if (value === undefined) return `${name} wants a value`
    const number = numbers[name]
    const word = words[name]
    if (number !== undefined) {
      const [field, low, high] = number
      const n = Number(value)
      const whole = WHOLE.test(field)
      if (value.trim() === '' || !(n >= low && n <= high) || (whole && !Number.isInteger(n)))
        return `${name} must be a ${whole ? 'whole number' : 'number'} from ${low} to ${high}`
      put[field] = n
    } else if (word !== undefined) {
      if (word[1]?.includes(value) === false) return `${name} must be ${word[1].join(' or ')}`
      put[word[0]] = value
    } else return `Unknown option ${name}`
  }
  return options.seeds.length === 0 ? 'An address host:port is wanted' : null
}

/** "10.0.0.11:6379", or "n0=10.0.0.11:6379" when its name on the ring is to outlive its address. */
function parseServer(text: string): RingServer | null {
  const [, name, address] = /^(?:([^=:]+)=)?([^:=]+:\d{1,5})$/.exec(text) ?? []
  return address === undefined ? null : { name: name ?? address, address }
}
/** A known name gets the new address: it has moved. */
function addServer(list: RingServer[], server: RingServer): void {
  const at = list.findIndex((s) => s.name === server.name)
  if (at === -1) list.push(server)
  else list[at] = server
}
/** By name or address; the last one stays. */
export function removeServer(list: RingServer[], which: string): string | null {
  const at = list.findIndex((s) => s.name === which || s.address === which)
  if (at === -1) return `There is no server '${which}'`
  if (list.length === 1) return 'The last server cannot go'
  list.splice(at, 1)
  return null
}
