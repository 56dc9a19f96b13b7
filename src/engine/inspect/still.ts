/** Reading a table while it rehashes would move a bucket: a picture holds the tables of a value still while it reads. */
import type { Obj } from '../objects/object.ts'
import { Dict } from '../structures/dict.ts'
import { Zset } from '../structures/zset.ts'

export function still<T>(o: Obj | Dict<unknown> | undefined, read: () => T): T {
  const value = o instanceof Dict ? o : o?.value
  const dict = value instanceof Dict ? value : value instanceof Zset ? value.dict : null
  if (dict === null) return read()
  dict.pauserehash++
  try {
    return read()
  } finally {
    dict.pauserehash--
  }
}
