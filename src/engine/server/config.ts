/**
 * The configuration of one process. Other modules read typed fields (`config.hashMaxListpackEntries`); CONFIG GET and SET,
 * the file and the command line go by name through the rows of config-table.ts.
 *
 * A directive whose change must *do* something (rebind the port, shrink the backlog) registers `onApply`. CONFIG SET
 * first sets all values, then runs the hooks of what was named; when any step fails everything is put back.
 */
import { cText } from '../commands/args.ts'
import type { Bytes } from '../bytes/bytes.ts'
import { globMatch } from '../bytes/glob.ts'
import { RedisError } from '../protocol/reply.ts'
import { PACKED_THRESHOLD, type PackedThreshold } from '../structures/quicklist.ts'
import { type Directive, directiveByName, directives } from './config-table.ts'
import { ConfigValues } from './config-values.ts'
import { ConfigError, formatDirective, parseDirective } from './config-values-text.ts'

export type { BufferLimit, OutputBufferLimits, SavePoint } from './config-values.ts'
export { ConfigError } from './config-values-text.ts'

/** Most directives are C strings, which end at the first NUL. */
const textOf = (d: Directive, value: Bytes): Bytes =>
  d.name === 'requirepass' || d.name === 'masterauth' || d.flags.includes('multi') || !value.includes('\0')
    ? value
    : value.slice(0, value.indexOf('\0'))

export class Config extends ConfigValues {
  /** Absolute path of the config file, '' for none. */
  configFile = ''
  /** Why the directory that `dir` is about to name can't be entered; found out by who sets it. */
  dirError: string | null = null
  /** DEBUG QUICKLIST-PACKED-THRESHOLD: no directive, but lists ask for it where they ask for the directives. */
  readonly listPacked: PackedThreshold = { bytes: PACKED_THRESHOLD }
  /** Told which directive could not be applied. */
  applyFailed: (name: Bytes) => void = () => {}
  private readonly hooks = new Map<string, () => string | null>()
  private readonly readers = new Map<string, () => unknown>()
  /** `save` lines of a file replace the defaults once, then add up. */
  private saveSeen = false

  /** Run after CONFIG SET changed `name`; an error text undoes the whole CONFIG SET. */
  onApply(name: string, fn: () => string | null): void {
    this.hooks.set(name, fn)
  }
  /** Where the truth lives elsewhere (replicaof, dir): what CONFIG GET and REWRITE shall see, in the field's type. */
  readFrom(name: string, fn: () => unknown): void {
    this.readers.set(name, fn)
  }
  value(d: Directive): unknown {
    const reader = this.readers.get(d.name)
    return reader ? reader() : this.fields()[d.field]
  }
  private fields(): Record<string, unknown> {
    return this as unknown as Record<string, unknown>
  }

  /** One directive as text, or null when there is none of that name. */
  get(name: Bytes): Bytes | null {
    const d = directiveByName.get(name.toLowerCase())
    return d ? formatDirective(d, this.value(d)) : null
  }
  /** CONFIG GET: flat name, value. Aliases are names of their own; hidden ones answer only to their whole name. */
  match(patterns: readonly Bytes[]): Bytes[] {
    const found = new Map<string, Directive>()
    const globs: Bytes[] = []
    for (const p of patterns) {
      if (/[*?[]/.test(p)) globs.push(p)
      else {
        // A whole name is echoed as it was typed.
        const d = directiveByName.get(p.toLowerCase())
        if (d) found.set(p, d)
      }
    }
    if (globs.length > 0) {
      for (const [name, d] of directiveByName) {
        if (!d.flags.includes('hidden') && globs.some((g) => globMatch(g, name, true))) found.set(name, d)
      }
    }
    return [...found].flatMap(([name, d]) => [name, formatDirective(d, this.value(d))])
  }

  /** At boot: no flags are checked, no hook runs. Returns an error text or null. `fromFile` makes `save` lines add up. */
  setAtBoot(name: Bytes, words: readonly Bytes[], fromFile = true): string | null {
    const d = directiveByName.get(name.toLowerCase())
    if (!d) return 'Bad directive or wrong number of arguments'
    if (words.length !== 1 && !d.flags.includes('multi')) return 'wrong number of arguments'
    // `--replicaof '127.0.0.1 6379'`: several words in one argument.
    const only = words[0]
    if (words.length === 1 && d.name === 'replicaof' && only) words = only.split(' ')
    try {
      let v = parseDirective(d, words, this)
      if (d.name === 'save' && fromFile) {
        const points = v as typeof this.save
        if (this.saveSeen && points.length > 0) v = [...this.save, ...points]
        this.saveSeen = true
      }
      this.assign(d, v)
      return null
    } catch (e) {
      if (e instanceof ConfigError) return e.message
      throw e
    }
  }
  private assign(d: Directive, v: unknown): void {
    this.fields()[d.field] = d.name === 'hz' ? Math.min(500, Math.max(1, v as number)) : v
  }

  /** CONFIG SET name value [name value ...]. Throws RedisError, and then nothing has changed. */
  set(
    pairs: readonly (readonly [Bytes, Bytes])[],
    options: { allowProtected?: boolean; loading?: boolean } = {},
  ): void {
    const chosen: Directive[] = []
    const names = pairs.map(([name]) => name.toLowerCase())
    for (const [name, _] of pairs) {
      const d = directiveByName.get(name.toLowerCase())
      if (!d) throw new RedisError(`ERR Unknown option or number of arguments for CONFIG SET - '${cText(name)}'`)
      chosen.push(d)
    }
    const failed = (i: number, text: string): never => {
      throw new RedisError(`ERR CONFIG SET failed (possibly related to argument '${pairs[i]?.[0]}') - ${text}`)
    }
    chosen.forEach((d, i) => {
      if (d.flags.includes('immutable')) failed(i, "can't set immutable config")
      if (d.flags.includes('protected') && !options.allowProtected) failed(i, "can't set protected config")
      if (d.flags.includes('denyLoading') && options.loading) failed(i, "can't set deny-loading config")
      // A name and its alias are two.
      if (names.indexOf(names[i] as Bytes) !== i) failed(i, 'duplicate parameter')
    })
    const before = chosen.map((d) => this.fields()[d.field])
    const restore = () =>
      chosen.forEach((d, i) => {
        this.fields()[d.field] = before[i]
      })
    chosen.forEach((d, i) => {
      try {
        this.assign(d, parseDirective(d, [textOf(d, pairs[i]?.[1] ?? '')], this))
      } catch (e) {
        restore()
        if (e instanceof ConfigError) failed(i, e.message)
        throw e
      }
    })
    this.apply(chosen, before, restore, failed)
  }
  private apply(
    chosen: readonly Directive[],
    before: readonly unknown[],
    restore: () => void,
    failed: (i: number, text: string) => never,
  ): void {
    const changed = chosen.map((d, i) => formatDirective(d, this.fields()[d.field]) !== formatDirective(d, before[i]))
    for (let i = 0; i < chosen.length; i++) {
      const hook = this.hooks.get(chosen[i]?.name ?? '')
      if (!hook || !changed[i]) continue
      const error = hook()
      if (error === null) continue
      // To change the directory is part of setting `dir`.
      if (chosen[i]?.name !== 'dir') this.applyFailed(chosen[i]?.name ?? '')
      restore()
      for (let j = 0; j < i; j++) if (changed[j]) this.hooks.get(chosen[j]?.name ?? '')?.()
      failed(i, error)
    }
  }
}

/** All directives, for views and tests. */
export const directiveNames: readonly string[] = directives.map((d) => d.name)
