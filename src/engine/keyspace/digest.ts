/**
 * DEBUG DIGEST: 20 bytes that are equal for equal data sets, whatever the order of keys in the dict and whatever the
 * encodings. Ordered things are *mixed* (digest = SHA1(digest xor SHA1(x))), unordered ones are *xored* (digest ^= SHA1(x)).
 */
import type { Bytes } from '../bytes/bytes.ts'
import { formatDouble } from '../bytes/numbers.ts'
import { sha1 } from '../bytes/sha1.ts'
import type { Obj } from '../objects/object.ts'
import { hashForEach } from '../objects/hash.ts'
import type { Stream } from '../objects/stream.ts'
import { stringBytes } from '../objects/string.ts'
import { zsetForEach } from '../objects/zset.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { Database } from './database.ts'

const ZERO: Bytes = '\0'.repeat(20)
const TYPE_NUMBER = { string: 0, list: 1, set: 2, zset: 3, hash: 4, stream: 6 } as const

function xor(a: Bytes, b: Bytes): Bytes {
  let out = ''
  for (let i = 0; i < 20; i++) out += String.fromCharCode(a.charCodeAt(i) ^ b.charCodeAt(i))
  return out
}
const xorDigest = (digest: Bytes, b: Bytes): Bytes => xor(digest, sha1(b))
const mixDigest = (digest: Bytes, b: Bytes): Bytes => sha1(xorDigest(digest, b))
const bigEndian = (n: number): Bytes =>
  String.fromCharCode((n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255)

/** The value's own digest, mixed into `start`. */
export function objectDigest(o: Obj, hasExpire: boolean, start: Bytes = ZERO): Bytes {
  let d = mixDigest(start, bigEndian(TYPE_NUMBER[o.type]))
  switch (o.type) {
    case 'string':
      d = mixDigest(d, stringBytes(o))
      break
    case 'list':
      for (const v of (o.value as Quicklist).iterate()) d = mixDigest(d, v)
      break
    case 'set':
      if (o.encoding === 'intset') for (const n of (o.value as Intset).members()) d = xorDigest(d, `${n}`)
      else
        (o.value as Dict<null>).forEach((m) => {
          d = xorDigest(d, m)
        })
      break
    case 'zset':
      zsetForEach(o, (ele, score) => {
        d = xorDigest(d, mixDigest(mixDigest(ZERO, ele), formatDouble(score)))
      })
      break
    case 'hash':
      hashForEach(o, (f, v) => {
        d = xorDigest(d, mixDigest(mixDigest(ZERO, f), v))
      })
      break
    case 'stream':
      for (const it = (o.value as Stream).iterator(); it.next(); ) {
        d = mixDigest(d, `${it.id.ms}.${it.id.seq}`)
        for (const b of it.fields()) d = mixDigest(d, b)
      }
      break
  }
  return hasExpire ? xorDigest(d, '!!expire!!') : d
}

export const digestHex = (d: Bytes): Bytes => {
  let out = ''
  for (let i = 0; i < d.length; i++) out += d.charCodeAt(i).toString(16).padStart(2, '0')
  return out
}
export const EMPTY_DIGEST = ZERO

export function datasetDigest(dbs: readonly Database[]): Bytes {
  let final = ZERO
  dbs.forEach((db, id) => {
    if (db.dict.size === 0) return
    final = mixDigest(final, bigEndian(id))
    db.dict.forEach((key, o) => {
      final = xorDigest(final, objectDigest(o, db.getExpire(key) !== -1, mixDigest(ZERO, key)))
    })
  })
  return final
}
