/** The command line of an application client. */
export interface AppOptions {
  /** Where to ask first. */
  seeds: string[]
  /** Requests a second. */
  rate: number
  keys: number
  /** 0 to 1. */
  writes: number
  /** Where reads go. */
  readFrom: 'master' | 'replica'
  /** smart: keeps a slot map. dumb: always asks the first node that answers, and follows where it is sent. */
  routing: 'smart' | 'dumb'
  /** Share of the requests that go to one key, 0 to 1. */
  hot: number
  timeoutMs: number
  retries: number
}
export const appDefaults = (): AppOptions => ({
  seeds: [],
  rate: 20,
  keys: 200,
  writes: 0.5,
  readFrom: 'master',
  routing: 'smart',
  hot: 0,
  timeoutMs: 1000,
  retries: 5,
})

const numbers: Readonly<Record<string, readonly [keyof AppOptions, number, number]>> = {
  '--rate': ['rate', 0, 10_000],
  '--keys': ['keys', 1, 1_000_000],
  '--writes': ['writes', 0, 1],
  '--hot': ['hot', 0, 1],
  '--timeout': ['timeoutMs', 1, 60_000],
  '--retries': ['retries', 0, 100],
}
const words: Readonly<Record<string, readonly [keyof AppOptions, readonly string[]]>> = {
  '--read-from': ['readFrom', ['master', 'replica']],
  '--routing': ['routing', ['smart', 'dumb']],
}

/** Takes `argv` into `options`; the text of the first thing that is wrong, or null. Also for what is typed while it runs. */
export function parseApp(argv: readonly string[], options: AppOptions): string | null {
  for (let i = 0; i < argv.length; i++) {
    const name = argv[i] as string
    if (!name.startsWith('--')) {
      if (!/^[^:]+:\d+$/.test(name)) return `'${name}' is not an address host:port`
      options.seeds.push(name)
      continue
    }
    const value = argv[++i]
    if (value === undefined) return `${name} wants a value`
    const number = numbers[name]
    const word = words[name]
    if (number !== undefined) {
      const n = Number(value)
      if (value.trim() === '' || !(n >= number[1] && n <= number[2]))
        return `${name} must be a number from ${number[1]} to ${number[2]}`
      ;(options as unknown as Record<string, unknown>)[number[0]] = n
    } else if (word !== undefined) {
      if (!word[1].includes(value)) return `${name} must be ${word[1].join(' or ')}`
      ;(options as unknown as Record<string, unknown>)[word[0]] = value
    } else return `Unknown option ${name}`
  }
  return options.seeds.length === 0 ? 'An address host:port is wanted' : null
}
