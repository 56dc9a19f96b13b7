/** The options that SET and GETEX share, with Redis's rules about which exclude which. */
import type { Bytes } from '../../bytes/bytes.ts'
import { RedisError, SYNTAX_ERROR } from '../../protocol/reply.ts'
import { parseBigArg, word } from '../args.ts'

export type ExpireUnit = 'ex' | 'px' | 'exat' | 'pxat'

export interface SetOptions {
  nx: boolean
  xx: boolean
  get: boolean
  keepTtl: boolean
  persist: boolean
  expire: { unit: ExpireUnit; value: Bytes } | null
}

export function parseSetOptions(argv: readonly Bytes[], from: number, command: 'set' | 'getex'): SetOptions {
  const o: SetOptions = { nx: false, xx: false, get: false, keepTtl: false, persist: false, expire: null }
  const isSet = command === 'set'
  for (let j = from; j < argv.length; j++) {
    const option = word(argv[j])
    const next = argv[j + 1]
    if (option === 'nx' && isSet && !o.xx) o.nx = true
    else if (option === 'xx' && isSet && !o.nx) o.xx = true
    else if (option === 'get' && isSet) o.get = true
    else if (option === 'keepttl' && isSet && !o.expire) o.keepTtl = true
    else if (option === 'persist' && !isSet && !o.expire) o.persist = true
    else if (
      isUnit(option) &&
      next !== undefined &&
      !o.keepTtl &&
      !o.persist &&
      (!o.expire || o.expire.unit === option)
    ) {
      o.expire = { unit: option, value: next }
      j++
    } else throw new RedisError(SYNTAX_ERROR)
  }
  return o
}

function isUnit(option: string): option is ExpireUnit {
  return option === 'ex' || option === 'px' || option === 'exat' || option === 'pxat'
}

/** The absolute expiry in milliseconds. */
export function parseExpireTime(value: Bytes, unit: ExpireUnit, nowMs: number, command: string): number {
  let ms = parseBigArg(value)
  const seconds = unit === 'ex' || unit === 'exat'
  if (ms <= 0n || (seconds && ms > 9223372036854775n)) invalidExpire(command)
  if (seconds) ms *= 1000n
  if (unit === 'ex' || unit === 'px') ms = BigInt.asIntN(64, ms + BigInt(nowMs))
  if (ms <= 0n) invalidExpire(command)
  return Number(ms)
}

export function invalidExpire(command: string): never {
  throw new RedisError(`ERR invalid expire time in '${command}' command`)
}
