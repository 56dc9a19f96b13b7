/** --bigkeys, --memkeys, --hotkeys and --scan: the modes that walk the keyspace with SCAN. */
import type { Bytes } from '../../../bytes/bytes.ts'
import { quoteBytes } from '../../../bytes/quote.ts'
import type { Reply } from '../../../protocol/reply.ts'
import { isError } from '../format.ts'
import {
  ask,
  databaseSize,
  type Mode,
  type ModeContext,
  ModeExit,
  percent,
  scanPage,
  sleep,
  type Step,
  type StepResult,
} from './step.ts'

interface TypeInfo {
  readonly name: Bytes
  readonly sizeCommand: string | null
  readonly unit: string
  biggest: number
  biggestKey: Bytes | null
  count: number
  totalSize: number
}
const typeInfo = (name: Bytes, sizeCommand: string | null, unit: string): TypeInfo => ({
  name,
  sizeCommand,
  unit,
  biggest: 0,
  biggestKey: null,
  count: 0,
  totalSize: 0,
})

const HOT_KEYS = 16
/** Pauses of -i come once in so many SCANs. */
const SCANS_PER_PAUSE = 100

const intro = (what: string): string => `
# Scanning the entire keyspace to find ${what} keys as well as
# average sizes per key type.  You can use -i 0.1 to sleep 0.1 sec
# per 100 SCAN commands (not usually needed).

`

/** Walks all pages; `take` handles the keys of one. */
function* walk(
  c: ModeContext,
  take: (keys: readonly Bytes[]) => Generator<Step, void, StepResult>,
  pauseEvery: number,
): Generator<Step, void, StepResult> {
  let cursor: Bytes = '0'
  let scans = 0
  do {
    const page = yield* scanPage(c, cursor)
    cursor = page.cursor
    scans++
    yield* take(page.keys)
    if (c.options.intervalMicros > 0 && scans % pauseEvery === 0) yield* sleep(c.options.intervalMicros)
  } while (!c.cancelled && cursor !== '0')
}

function errorText(r: Reply): Bytes {
  return isError(r) ? r.text : ''
}

/** The types of the keys; null for a key that is gone. */
function* typesOf(
  c: ModeContext,
  types: Map<Bytes, TypeInfo>,
  keys: readonly Bytes[],
): Generator<Step, (TypeInfo | null)[], StepResult> {
  const replies = yield* ask(...keys.map((k) => ['TYPE', k]))
  return replies.map((r, i) => {
    if (isError(r)) {
      c.complain(`TYPE returned an error: ${r.text}\n`)
      throw new ModeExit(1)
    }
    const name = typeof r === 'object' && r !== null && 't' in r && r.t === 'status' ? r.text : null
    if (name === null) {
      c.complain(`Invalid reply type (0) for TYPE on key '${keys[i]}'!\n`)
      throw new ModeExit(1)
    }
    if (name === 'none') return null
    let info = types.get(name)
    if (!info) types.set(name, (info = typeInfo(name, null, '?')))
    return info
  })
}

/** --bigkeys and --memkeys. */
export function* bigKeys(c: ModeContext): Mode {
  const { options } = c
  const byMemory = options.mode === 'memkeys'
  // The order in which redis-cli's own table of types lists them.
  const types = new Map<Bytes, TypeInfo>(
    [
      typeInfo('list', 'LLEN', 'items'),
      typeInfo('hash', 'HLEN', 'fields'),
      typeInfo('string', 'STRLEN', 'bytes'),
      typeInfo('stream', 'XLEN', 'entries'),
      typeInfo('set', 'SCARD', 'members'),
      typeInfo('zset', 'ZCARD', 'members'),
    ].map((t) => [t.name, t]),
  )
  const unitOf = (t: TypeInfo): string => (byMemory ? 'bytes' : t.unit)
  const sizeCommand = (t: TypeInfo, key: Bytes): readonly Bytes[] | null => {
    if (!byMemory) return t.sizeCommand === null ? null : [t.sizeCommand, key]
    return options.memkeysSamples === 0
      ? ['MEMORY', 'USAGE', key]
      : ['MEMORY', 'USAGE', key, 'SAMPLES', String(options.memkeysSamples)]
  }
  const totalKeys = yield* databaseSize(c)
  c.print(intro('biggest'))
  let sampled = 0
  let keyBytes = 0
  let share = ''
  yield* walk(
    c,
    function* (keys) {
      share = percent(sampled, totalKeys)
      const infos = yield* typesOf(c, types, keys)
      const asked: { info: TypeInfo; key: Bytes; command: readonly Bytes[] | null }[] = []
      infos.forEach((info, i) => {
        const key = keys[i] as Bytes
        if (info) asked.push({ info, key, command: sizeCommand(info, key) })
      })
      const replies = yield* ask(...asked.flatMap((a) => (a.command ? [a.command] : [])))
      let at = 0
      for (const { info, key, command } of asked) {
        const reply = command ? replies[at++] : 0
        const size = typeof reply === 'number' ? reply : 0
        if (typeof reply !== 'number') {
          c.complain(`Warning:  ${command?.[0]} on '${key}' failed (may have changed type)\n`)
        }
        info.totalSize += size
        info.count++
        keyBytes += key.length
        sampled++
        if (info.biggest < size) {
          info.biggestKey = quoteBytes(key)
          info.biggest = size
          c.print(
            `[${share}%] Biggest ${info.name.padEnd(6)} found so far '${info.biggestKey}' with ${size} ${unitOf(info)}\n`,
          )
        }
        if (sampled % 1_000_000 === 0) c.print(`[${share}%] Sampled ${sampled} keys so far\n`)
      }
    },
    SCANS_PER_PAUSE,
  )
  c.print('\n-------- summary -------\n\n')
  if (c.cancelled) c.print(`[${share}%] `)
  c.print(`Sampled ${sampled} keys in the keyspace!\n`)
  const average = keyBytes > 0 ? keyBytes / sampled : 0
  c.print(`Total key length in bytes is ${keyBytes} (avg len ${average.toFixed(2)})\n\n`)
  for (const t of types.values()) {
    if (t.biggestKey !== null)
      c.print(`Biggest ${t.name.padStart(6)} found '${t.biggestKey}' has ${t.biggest} ${unitOf(t)}\n`)
  }
  c.print('\n')
  for (const t of types.values()) {
    const part = sampled > 0 ? percent(t.count, sampled) : '00.00'
    const size = (t.count > 0 ? t.totalSize / t.count : 0).toFixed(2)
    c.print(`${t.count} ${t.name}s with ${t.totalSize} ${unitOf(t)} (${part}% of keys, avg size ${size})\n`)
  }
  return 0
}

/** --hotkeys: the keys with the highest LFU counters. */
export function* hotKeys(c: ModeContext): Mode {
  const counters: number[] = new Array<number>(HOT_KEYS).fill(0)
  const names: Bytes[] = new Array<Bytes>(HOT_KEYS).fill('')
  const totalKeys = yield* databaseSize(c)
  c.print(intro('hot'))
  let sampled = 0
  let share = ''
  yield* walk(
    c,
    function* (keys) {
      share = percent(sampled, totalKeys)
      const replies = yield* ask(...keys.map((k) => ['OBJECT', 'FREQ', k]))
      keys.forEach((key, i) => {
        const reply = replies[i] as Reply
        if (isError(reply)) {
          c.complain(`Error: ${errorText(reply)}\n`)
          throw new ModeExit(1)
        }
        const frequency = typeof reply === 'number' ? reply : 0
        if (typeof reply !== 'number') {
          c.complain(`Warning: OBJECT freq on '${key}' failed (may have been deleted)\n`)
        }
        sampled++
        if (sampled % 1_000_000 === 0) c.print(`[${share}%] Sampled ${sampled} keys so far\n`)
        let k = 0
        while (k < HOT_KEYS && frequency > (counters[k] as number)) k++
        if (k === 0) return
        k--
        // A full pool drops its coldest key and moves the others down.
        if (k > 0 && counters[k] !== 0) {
          counters.copyWithin(0, 1, k + 1)
          names.copyWithin(0, 1, k + 1)
        }
        counters[k] = frequency
        names[k] = quoteBytes(key)
        c.print(`[${share}%] Hot key '${names[k]}' found so far with counter ${frequency}\n`)
      })
    },
    SCANS_PER_PAUSE,
  )
  c.print('\n-------- summary -------\n\n')
  if (c.cancelled) c.print(`[${share}%] `)
  c.print(`Sampled ${sampled} keys in the keyspace!\n`)
  for (let k = HOT_KEYS - 1; k >= 0; k--) {
    if ((counters[k] as number) > 0) c.print(`hot key found with counter: ${counters[k]}\tkeyname: ${names[k]}\n`)
  }
  return 0
}

export function* scanKeys(c: ModeContext): Mode {
  const quoted = c.options.output === 'tty'
  yield* walk(
    c,
    // biome-ignore lint/correctness/useYield: nothing to wait for
    function* (keys) {
      for (const key of keys) c.print(`${quoted ? quoteBytes(key) : key}\n`)
    },
    1,
  )
  return 0
}
