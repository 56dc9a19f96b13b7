/** Commands that change a key, by its type. */
import { showBytes } from '../bytes.ts'

const word = (text: string): string => {
  const shown = showBytes(text)
  return /^[\w:.\-{}]+$/.test(shown) ? shown : `"${shown.replace(/"/g, '\\"')}"`
}
/** Commands that suit a type, ready to be completed. */
export function commandsFor(key: string, type: string): readonly string[] {
  const k = word(key)
  const own: Readonly<Record<string, readonly string[]>> = {
    string: [`SET ${k} value KEEPTTL`, `APPEND ${k} more`, `INCR ${k}`],
    list: [`RPUSH ${k} element`, `LPOP ${k}`, `LSET ${k} 0 element`],
    set: [`SADD ${k} member`, `SREM ${k} member`],
    zset: [`ZADD ${k} 1 member`, `ZREM ${k} member`, `ZINCRBY ${k} 1 member`],
    hash: [`HSET ${k} field value`, `HDEL ${k} field`, `HINCRBY ${k} field 1`],
    stream: [`XADD ${k} * field value`, `XTRIM ${k} MAXLEN 10`],
  }
  return [...(own[type] ?? []), `EXPIRE ${k} 60`, `PERSIST ${k}`, `RENAME ${k} ${k}:new`, `DEL ${k}`]
}
