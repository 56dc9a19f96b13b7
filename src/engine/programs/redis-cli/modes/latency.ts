/** --latency, --latency-history and --latency-dist: PING, a hundred times a second, as the client feels it. */
import { askReconnecting, type Mode, type ModeContext, sleep } from './step.ts'

const SAMPLE_PAUSE_MICROS = 10_000
const HISTORY_MICROS = 15_000_000
const DEFAULT_MICROS = 1_000_000
/** Colours of the 256-colour palette, from never to always. */
const SPECTRUM = [0, 233, 234, 235, 237, 239, 241, 243, 245, 247, 144, 143, 142, 184, 226, 214, 208, 202, 196]
const SPECTRUM_MONO = [0, 233, 234, 235, 237, 239, 241, 243, 245, 247, 249, 251, 253]

/** Upper bounds of the buckets in microseconds with their signs; the last has none. */
const BUCKETS: readonly (readonly [number, string])[] = [
  [10, '.'],
  [125, '-'],
  [250, '*'],
  [500, '#'],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((ms) => [ms * 1000, String(ms)] as const),
  ...[...'ABCDE'].map((sign, i) => [(i + 1) * 10_000, sign] as const),
  ...[...'FGHIJ'].map((sign, i) => [(i + 1) * 100_000, sign] as const),
  ...[1, 2, 4, 8, 16, 30, 60].map((s, i) => [s * 1_000_000, 'KLMNOPQ'[i] as string] as const),
  [0, '?'],
]

const toMs = (micros: number): number => Math.floor(micros / 1000)

/** --latency and --latency-history. Whole milliseconds, as redis-cli counts them. */
export function* latency(c: ModeContext): Mode {
  const { options } = c
  const history = options.mode === 'latency-history'
  const tty = options.output === 'tty'
  const spanMs = toMs(options.intervalMicros || HISTORY_MICROS)
  const sampleMs = toMs(options.intervalMicros || DEFAULT_MICROS)
  let from = toMs(c.now())
  let count = 0
  let min = 0
  let max = 0
  let total = 0
  const show = (): void => {
    const average = (total / count).toFixed(2)
    if (tty) c.print(`min: ${min}, max: ${max}, avg: ${average} (${count} samples)`)
    else if (options.output === 'json' || options.output === 'quoted-json')
      c.print(`{"min": ${min}, "max": ${max}, "avg": ${average}, "count": ${count}}\n`)
    else if (options.output === 'csv') c.print(`${min},${max},${average},${count}\n`)
    else if (options.output === 'raw') c.print(`${min} ${max} ${average} ${count}\n`)
  }
  for (;;) {
    const started = toMs(c.now())
    yield* askReconnecting(['PING'])
    const taken = toMs(c.now()) - started
    min = count === 0 ? taken : Math.min(min, taken)
    max = count === 0 ? taken : Math.max(max, taken)
    total = count === 0 ? taken : total + taken
    count++
    const elapsed = toMs(c.now()) - from
    if (tty) {
      c.print('\x1b[0G\x1b[2K')
      show()
    } else if (history) show()
    else if (elapsed > sampleMs) {
      show()
      return 0
    }
    if (history && elapsed > spanMs) {
      c.print(` -- ${(elapsed / 1000).toFixed(2)} seconds range\n`)
      from = toMs(c.now())
      count = 0
    }
    yield* sleep(SAMPLE_PAUSE_MICROS)
  }
}

function legend(palette: readonly number[]): string {
  const rule = '---------------------------------------------\n'
  return `${rule}. - * #          .01 .125 .25 .5 milliseconds
1,2,3,...,9      from 1 to 9     milliseconds
A,B,C,D,E        10,20,30,40,50  milliseconds
F,G,H,I,J        .1,.2,.3,.4,.5       seconds
K,L,M,N,O,P,Q,?  1,2,4,8,16,30,60,>60 seconds
From 0 to 100%: ${palette.map((colour) => `\x1b[48;5;${colour}m `).join('')}\x1b[0m
${rule}`
}

/** --latency-dist: a line of the spectrum for each interval. */
export function* latencyDistribution(c: ModeContext): Mode {
  const palette = c.options.mono ? SPECTRUM_MONO : SPECTRUM
  const spanMs = toMs(c.options.intervalMicros || DEFAULT_MICROS)
  const counts = BUCKETS.map(() => 0)
  let from = c.now()
  let count = 0
  let lines = 0
  for (;;) {
    const started = c.now()
    yield* askReconnecting(['PING'])
    const taken = c.now() - started
    count++
    const bucket = BUCKETS.findIndex(([max]) => max === 0 || taken <= max)
    counts[bucket] = (counts[bucket] as number) + 1
    if (toMs(c.now() - from) > spanMs) {
      if (lines++ % 20 === 0) c.print(legend(palette))
      let line = '\x1b[38;5;0m'
      BUCKETS.forEach(([, sign], i) => {
        const colour = palette[Math.ceil(((counts[i] as number) / count) * (palette.length - 1))]
        line += `\x1b[48;5;${colour}m${sign}`
        counts[i] = 0
      })
      c.print(`${line}\x1b[0m\n`)
      from = c.now()
      count = 0
    }
    yield* sleep(SAMPLE_PAUSE_MICROS)
  }
}
