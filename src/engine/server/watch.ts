/** WATCH is optimistic locking: a client remembers keys; who changes one marks the client, and its EXEC answers nil. */
import { type Bytes, own } from '../bytes/bytes.ts'
import type { Database } from '../keyspace/database.ts'
import { keyIsExpired } from '../keyspace/expire.ts'
import type { Client } from './client.ts'
import type { Server } from './server.ts'

export function watchForKey(server: Server, c: Client, rawKey: Bytes): void {
  const db = c.db
  if (c.watched.some((w) => w.db === db && w.key === rawKey)) return
  const key = own(rawKey)
  let set = db.watchedKeys.get(key)
  if (!set) db.watchedKeys.set(key, (set = new Set()))
  set.add(c)
  c.watched.push({ db, key, expired: keyIsExpired(server, db, key) })
}
export function unwatchAllKeys(c: Client): void {
  for (const w of c.watched) {
    const set = w.db.watchedKeys.get(w.key)
    set?.delete(c)
    if (set?.size === 0) w.db.watchedKeys.delete(w.key)
  }
  c.watched = []
}
/** A watched key that has expired since WATCH, without anybody deleting it. */
export function isWatchedKeyExpired(server: Server, c: Client): boolean {
  return c.watched.some((w) => !w.expired && keyIsExpired(server, w.db, w.key))
}
export function touchWatchedKey(_server: Server, db: Database, key: Bytes): void {
  const set = db.watchedKeys.get(key)
  if (!set) return
  for (const c of set) {
    const w = c.watched.find((x) => x.db === db && x.key === key)
    // It was expired already when WATCH saw it: its deletion changes nothing.
    if (w?.expired && !db.dict.has(key)) {
      w.expired = false
      continue
    }
    c.dirtyCas = true
  }
}
export function signalFlushedDb(server: Server, dbid: number): void {
  for (const db of server.dbs) if (dbid === -1 || db.id === dbid) touchAllWatchedKeysInDb(server, db, null)
}
/** All of `emptied` goes, and what `replacedBy` holds comes in its place (SWAPDB) or nothing. */
export function touchAllWatchedKeysInDb(server: Server, emptied: Database, replacedBy: Database | null): void {
  for (const [key, set] of emptied.watchedKeys) {
    const existed = emptied.dict.has(key)
    const comes = replacedBy?.dict.has(key) === true
    if (!existed && !comes) continue
    const comesExpired = replacedBy !== null && keyIsExpired(server, replacedBy, key)
    for (const c of set) {
      const w = c.watched.find((x) => x.db === emptied && x.key === key)
      if (w?.expired) {
        // It was gone already, and is still.
        if (!comes) w.expired = false
        if (!comes || comesExpired) continue
      } else if (w !== undefined && !existed && comesExpired) {
        w.expired = true
        continue
      }
      c.dirtyCas = true
    }
  }
}
