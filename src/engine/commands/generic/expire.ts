/**
 * EXPIRE and the questions about it. Whatever unit was typed, replicas and the AOF hear PEXPIREAT with an absolute time,
 * so that the key dies everywhere at the same moment; a time that has passed is a DEL.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import { cText, fail, INT64_MAX, INT64_MIN, parseBigArg, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { invalidExpire } from '../string/set-options.ts'
import { alreadyExpired } from './expire-time.ts'
import { lookupNoTouch } from './keys.ts'

interface Conditions {
  nx: boolean
  xx: boolean
  gt: boolean
  lt: boolean
}

function parseConditions(argv: readonly Bytes[]): Conditions {
  const f: Conditions = { nx: false, xx: false, gt: false, lt: false }
  for (let j = 3; j < argv.length; j++) {
    const option = word(argv[j])
    if (option !== 'nx' && option !== 'xx' && option !== 'gt' && option !== 'lt')
      fail(`ERR Unsupported option ${cText(argv[j])}`)
    f[option] = true
  }
  if (f.nx && (f.xx || f.gt || f.lt)) fail('ERR NX and XX, GT or LT options at the same time are not compatible')
  if (f.gt && f.lt) fail('ERR GT and LT options at the same time are not compatible')
  return f
}

function refused(f: Conditions, when: number, current: number): boolean {
  if (f.nx && current !== -1) return true
  if (f.xx && current === -1) return true
  if (f.gt && (current === -1 || when <= current)) return true
  return f.lt && current !== -1 && when >= current
}

function parseWhen(c: CommandContext, arg: Bytes, seconds: boolean, absolute: boolean, command: string): number {
  let when = parseBigArg(arg)
  if (seconds) {
    if (when > INT64_MAX / 1000n || when < INT64_MIN / 1000n) invalidExpire(command)
    when *= 1000n
  }
  const base = absolute ? 0n : BigInt(c.nowMs)
  if (when > INT64_MAX - base) invalidExpire(command)
  return Number(when + base)
}

const expireGeneric =
  (command: string, seconds: boolean, absolute: boolean): Handler =>
  (c, argv) => {
    const key = argv[1]!
    const conditions = parseConditions(argv)
    const when = parseWhen(c, argv[2]!, seconds, absolute, command)
    if (!c.lookupWrite(key)) return 0
    if (argv.length > 3 && refused(conditions, when, c.getExpire(key))) return 0
    if (alreadyExpired(c, when)) {
      c.delete(key)
      c.dirty()
      c.rewrite([c.config.lazyfreeLazyExpire ? 'UNLINK' : 'DEL', key])
      c.signalModified(key)
      c.notify('g', 'del', key)
      return 1
    }
    c.setExpire(key, when)
    if (command !== 'pexpireat') c.rewrite(['PEXPIREAT', key, String(when), ...argv.slice(3)])
    c.replied()
    c.signalModified(key)
    c.notify('g', 'expire', key)
    c.dirty()
    return 1
  }

const ttlGeneric =
  (seconds: boolean, absolute: boolean): Handler =>
  (c, argv) => {
    const key = argv[1]!
    if (!lookupNoTouch(c, key)) return -2
    const at = c.getExpire(key)
    if (at === -1) return -1
    const ms = absolute ? at : Math.max(0, at - c.nowMs)
    return seconds ? Math.floor((ms + 500) / 1000) : ms
  }

const persist: Handler = (c, argv) => {
  const key = argv[1]!
  if (!c.lookupWrite(key) || !c.removeExpire(key)) return 0
  c.signalModified(key)
  c.notify('g', 'persist', key)
  c.dirty()
  return 1
}

export const expireFamily: readonly CommandImpl[] = [
  { name: 'expire', handler: expireGeneric('expire', true, false) },
  { name: 'expireat', handler: expireGeneric('expireat', true, true) },
  { name: 'pexpire', handler: expireGeneric('pexpire', false, false) },
  { name: 'pexpireat', handler: expireGeneric('pexpireat', false, true) },
  { name: 'ttl', handler: ttlGeneric(true, false) },
  { name: 'pttl', handler: ttlGeneric(false, false) },
  { name: 'expiretime', handler: ttlGeneric(true, true) },
  { name: 'pexpiretime', handler: ttlGeneric(false, true) },
  { name: 'persist', handler: persist },
]
