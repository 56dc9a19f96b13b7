/**
 * A first copy, from the line that announces it to the data in memory.
 *
 *   "$EOF:<mark>" or "$<length>" ─▶ bytes ─┬▶ temp file ▶ fsync ▶ rename to dbfilename ▶ old data flushed ▶ read   (disabled)
 *                                          └▶ read into our data, or aside and then swapped                (on-empty-db, swapdb)
 *
 * Kept exactly: the texts; old data is served during the transfer, -LOADING answered while the copy is read, a part at a time;
 * newlines keep the master's repl-timeout from running out; repl-diskless-load.
 * Simplified: with repl-diskless-load the parser begins when the last byte has come (-LOADING is answered from the first).
 */
import type { Bytes } from '../bytes/bytes.ts'
import { strerror } from '../bytes/errno.ts'
import { Database } from '../keyspace/database.ts'
import { loadInSlices, loadProgress, startLoading, stopLoading } from '../persistence/snapshot.ts'
import type { Server } from '../server/server.ts'

/** FLUSHALL of a million keys takes 381 ms. */
const MICROS_PER_FREED_KEY = 0.38

export interface TransferOwner {
  attachToNewMaster(): void
  newline(): void
  abort(): void
  copied(streamDb: number, rest: Bytes, lost: boolean): void
}

export class Transfer {
  /** Bytes of the copy so far, and how many it will be; -1 when a mark ends it. */
  received = 0
  size = -1
  /** All has come, and is being written or read; what comes now belongs to the stream. */
  loading = false
  /** The master went away while its copy was being read. */
  lost = false
  private readonly server: Server
  private readonly owner: TransferOwner
  /** The copy is of the history that our own data belongs to. */
  private readonly sameHistory: boolean
  private buffer: Bytes[] = []
  private header: Bytes = ''
  private eofMark: Bytes | null = null
  /** The copy goes to the parser and not to the disk: into our data, or into `dbs` to be swapped. */
  private parser: { readonly dbs: readonly Database[] | null } | null = null
  private cancelled = false

  constructor(server: Server, owner: TransferOwner, sameHistory: boolean) {
    this.server = server
    this.owner = owner
    this.sameHistory = sameHistory
  }

  /** Given up: what has been loaded in part goes. */
  cancel(): void {
    const { parser, server: s } = this
    if (this.cancelled) return
    this.cancelled = true
    if (loadProgress(s) === undefined) return
    stopLoading(s)
    if (parser?.dbs) s.log('notice', 'MASTER <-> REPLICA sync: Discarding temporary DB in background')
    else if (parser) s.emptyDb(-1, s.config.replicaLazyFlush)
  }

  data(bytes: Bytes): void {
    if (this.loading) {
      this.buffer.push(bytes)
      return
    }
    let data = bytes
    if (this.size === -1 && this.eofMark === null) {
      this.header += data
      for (;;) {
        const nl = this.header.indexOf('\n')
        if (nl === -1) return
        const line = this.header.slice(0, nl).replace(/\r$/, '')
        this.header = this.header.slice(nl + 1)
        if (line === '') continue
        if (!this.headerLine(line)) return
        break
      }
      data = this.header
      this.header = ''
    }
    this.buffer.push(data)
    this.received += data.length
    const progress = loadProgress(this.server)
    if (progress !== undefined) progress.loadedBytes = this.received
    if (this.eofMark === null) {
      if (this.received >= this.size) this.transferred(this.buffer.join(''), this.size, this.size)
      return
    }
    const tail = this.tail()
    if (tail.includes(this.eofMark)) {
      const all = this.buffer.join('')
      const at = all.lastIndexOf(this.eofMark)
      this.transferred(all, at, at + 40)
    }
  }
  /** The last chunks, enough to find a mark that was torn between two. */
  private tail(): Bytes {
    let out = ''
    for (let i = this.buffer.length - 1; i >= 0 && (out.length < 80 || i === this.buffer.length - 1); i--)
      out = this.buffer[i] + out
    return out
  }
  private headerLine(line: Bytes): boolean {
    const s = this.server
    if (line.startsWith('-')) s.log('warning', `MASTER aborted replication with an error: ${line.slice(1)}`)
    else if (!line.startsWith('$'))
      s.log(
        'warning',
        `Bad protocol from MASTER, the first byte is not '$' (we received '${line}'), are you sure the host and port are right?`,
      )
    else if (line.startsWith('$EOF:') && line.length >= 45) {
      this.eofMark = line.slice(5, 45)
      const to = this.usesParser ? 'parser' : 'disk'
      s.log('notice', `MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to ${to}`)
      this.beginParser()
      return true
    } else {
      this.size = Number(line.slice(1))
      const to = this.usesParser ? 'parser' : 'disk'
      s.log('notice', `MASTER <-> REPLICA sync: receiving ${this.size} bytes from master to ${to}`)
      this.beginParser()
      return true
    }
    this.owner.abort()
    return false
  }

  /** useDisklessLoad */
  private get usesParser(): boolean {
    const mode = this.server.config.replDisklessLoad
    return mode === 'swapdb' || (mode === 'on-empty-db' && this.server.dbs.every((db) => db.size === 0))
  }
  private beginParser(): void {
    const s = this.server
    if (!this.usesParser) return
    const size = Math.max(0, this.size)
    if (s.config.replDisklessLoad === 'swapdb') {
      this.parser = { dbs: s.dbs.map((db) => new Database(db.id, db.seed, db.slotKeys !== null)) }
      s.log('notice', 'MASTER <-> REPLICA sync: Loading DB in memory')
      // Our data is an older moment of the same history: it may be served on.
      startLoading(s, size, this.sameHistory)
    } else {
      this.parser = { dbs: null }
      this.discardOldData()
      startLoading(s, size)
    }
  }
  private discardOldData(): void {
    const s = this.server
    this.owner.attachToNewMaster()
    s.log('notice', 'MASTER <-> REPLICA sync: Flushing old data')
    s.signalFlushed(-1)
    const lazily = s.config.replicaLazyFlush
    const freed = s.emptyDb(-1, lazily)
    if (!lazily) s.workMicros += freed * MICROS_PER_FREED_KEY
    this.owner.newline()
    s.log('notice', 'MASTER <-> REPLICA sync: Loading DB in memory')
  }
  private transferred(all: Bytes, end: number, next: number): void {
    const rdb = all.slice(0, end)
    this.buffer = [all.slice(next)]
    this.loading = true
    if (this.parser !== null) this.read(rdb)
    else this.toDisk(rdb)
  }
  /** The file is complete and in its place before it is read; the process waits for the disk meanwhile. */
  private toDisk(rdb: Bytes): void {
    const s = this.server
    const temp = `temp-${Math.floor(s.host.nowMs / 1000)}.${s.host.env.pid}.rdb`
    const failed = (text: string): void => {
      s.resume()
      s.log('warning', text)
      this.owner.abort()
    }
    s.stall()
    s.host.file({ op: 'write', path: temp, bytes: rdb }, (w) => {
      if (!w.ok)
        return failed(
          `Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: ${strerror(w.error)}`,
        )
      s.host.file({ op: 'fsync', path: temp }, (f) => {
        if (!f.ok)
          return failed(
            `Failed trying to sync the temp DB to disk in MASTER <-> REPLICA synchronization: ${strerror(f.error)}`,
          )
        s.host.file({ op: 'rename', path: temp, to: s.config.dbfilename }, (r) => {
          if (!r.ok)
            return failed(
              `Failed trying to rename the temp DB into ${s.config.dbfilename} in MASTER <-> REPLICA synchronization: ${strerror(r.error)}`,
            )
          s.resume()
          this.discardOldData()
          startLoading(s, rdb.length)
          this.read(rdb)
        })
      })
    })
  }
  private read(rdb: Bytes): void {
    const s = this.server
    const dbs = this.parser?.dbs ?? s.dbs
    let streamDb = 0
    loadInSlices(s, rdb, {
      dbs,
      onAux: (key, value) => {
        if (key === 'repl-stream-db') streamDb = Number(value)
      },
      onSlice: () => {
        if (this.cancelled) return false
        this.owner.newline()
        return true
      },
      done: (error) => {
        if (error === null) return this.loaded(streamDb)
        s.log('warning', error)
        const from = this.parser === null ? 'disk' : 'socket'
        s.log('warning', `Failed trying to load the MASTER synchronization DB from ${from}, check server logs.`)
        this.owner.abort()
      },
    })
  }
  private loaded(streamDb: number): void {
    const { parser, server: s } = this
    if (parser?.dbs) {
      this.owner.attachToNewMaster()
      s.log('notice', 'MASTER <-> REPLICA sync: Swapping active DB with loaded DB')
      s.signalFlushed(-1)
      for (const [i, db] of s.dbs.entries()) db.swapWith(parser.dbs[i] as Database)
      s.log('notice', 'MASTER <-> REPLICA sync: Discarding old DB in background')
    }
    if (parser) s.dirty++
    else if (s.config.rdbDelSyncFiles && s.config.save.length === 0 && !s.config.appendonly) {
      s.log('notice', 'Removing the RDB file obtained from the master. This replica has persistence disabled')
      s.host.file({ op: 'unlink', path: s.config.dbfilename })
    }
    stopLoading(s)
    this.cancelled = true
    this.owner.copied(streamDb, this.buffer.join(''), this.lost)
  }
}
