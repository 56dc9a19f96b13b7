/** Text for times, counts and sizes. Virtual time comes in microseconds since the world's start. */

const pad = (n: number, width: number) => String(n).padStart(width, '0')

/** 17423304 → { main: "00:17.423", micros: "304" } */
export function clock(micros: number): { main: string; micros: string } {
  const whole = Math.max(0, Math.floor(micros))
  const ms = Math.floor(whole / 1000)
  const seconds = Math.floor(ms / 1000)
  return {
    main: `${pad(Math.floor(seconds / 60), 2)}:${pad(seconds % 60, 2)}.${pad(ms % 1000, 3)}`,
    micros: pad(whole % 1000, 3),
  }
}

/** "17.423": seconds with milliseconds, as the notes and the log write it. */
export const seconds = (micros: number) => (Math.floor(micros / 1000) / 1000).toFixed(3)

export const waitText = (micros: number) => `${seconds(micros)} s`

/** Thousands get a comma; no locale is asked. */
export function count(n: number): string {
  const [whole, rest] = String(n).split('.')
  const text = (whole ?? '').replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return rest === undefined ? text : `${text}.${rest}`
}

export function duration(micros: number): string {
  if (micros < 1000) return `${Math.round(micros)} µs`
  if (micros < 1_000_000) return `${trim(micros / 1000)} ms`
  return `${trim(micros / 1_000_000)} s`
}

const trim = (n: number) => String(Number(n.toPrecision(3)))

export function speedText(speed: number): string {
  return `${speed >= 10 ? 10 : Number(speed.toPrecision(2))}×`
}

/** "1 ms shown in 0.1 s": what a speed means for the eye. */
export function speedMeaning(speed: number): string {
  if (speed >= 0.9 && speed <= 1.1) return 'as fast as a clock'
  if (speed > 1) return `${Number(speed.toPrecision(2))} s shown in 1 s`
  return `1 ms shown in ${duration(1000 / speed)}`
}

/** "0.5 ms": a latency, to the microsecond and without needless zeros. */
export const milliseconds = (micros: number) => `${count(Number((micros / 1000).toFixed(3)))} ms`

export const MIN_LATENCY_MS = 0.001
export const MAX_LATENCY_MS = 60_000
/** Milliseconds as typed, in microseconds; or what is wrong with them. */
export function parseMilliseconds(text: string, name: string, least: number): number | string {
  const typed = text.trim().replace(/\s*ms$/i, '')
  const wanted = `${name} must be a number of milliseconds from ${least} to ${count(MAX_LATENCY_MS)}`
  if (typed === '') return `${wanted}. The field is empty.`
  if (!/^\d*\.?\d+$|^\d+\.$/.test(typed)) return `${wanted}. "${safeText(typed, 20)}" is not a number like 0.5 or 100.`
  const n = Number(typed)
  if (n < least) return `${wanted}. ${safeText(typed, 20)} is too small.`
  if (n > MAX_LATENCY_MS) return `${wanted}. ${safeText(typed, 20)} is too much.`
  return Math.round(n * 1000)
}

export function bytesText(n: number): string {
  if (n < 1000) return `${n} bytes`
  if (n < 1_000_000) return `${(n / 1000).toFixed(1)} kB`
  return `${(n / 1_000_000).toFixed(2)} MB`
}

const BAD = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Untrusted text for a label: control and bidi characters become visible, so nothing can reorder or hide its surroundings. */
export function safeText(text: string, limit = 200): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text
  return cut.replace(BAD, (c) => {
    const code = c.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}
