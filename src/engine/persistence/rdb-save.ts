/**
 * SAVE, BGSAVE, save points and loading at start. The problem: a file that is the data set of one moment, while the server
 * goes on. Redis forks; here the bytes of that moment are made when BGSAVE begins and written in slices by a state machine.
 *
 *   BGSAVE ▶ encode ▶ write temp-<pid>.rdb slice by slice ▶ fsync ▶ rename to dbfilename ▶ lastsave, dirty -= dirty before
 *
 * Kept exactly: the names of files, the texts, when save points fire (and 5 seconds' wait after a failure), the statistics; SAVE
 * and the save of a shutdown stop everything until the file is in place; loading answers clients between its parts.
 * Simplified: copy-on-write sizes are counted as two pages for every key that is written while the child runs.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { strerror } from '../bytes/errno.ts'
import { equalsIgnoreCase, syntaxError } from '../commands/args.ts'
import type { CommandContext, CommandImpl } from '../commands/command.ts'
import type { Database } from '../keyspace/database.ts'
import type { FileResult } from '../machine.ts'
import { NO_REPLY, OK, RedisError, type Reply, status } from '../protocol/reply.ts'
import { blockClient, unblockClient } from '../server/blocked.ts'
import type { PersistenceExtension, SnapshotGuard } from '../server/extensions.ts'
import { formatSignalLine } from '../server/log.ts'
import type { Server } from '../server/server.ts'
import { AofRewrite } from './aof-rewrite.ts'
import { dumpCommands } from './dump.ts'
import { EOF_ERROR } from './rdb-format.ts'
import {
  chargeFork,
  countElements,
  cowLine,
  encodeSnapshot,
  lastLoad,
  loadInSlices,
  loadingInfo,
  loadRdbBytes,
  logOfChild,
  MICROS_PER_ELEMENT,
  nextChildPid,
  startLoading,
  stopLoading,
} from './snapshot.ts'

const SLICE_BYTES = 1 << 20
const CONFIG_BGSAVE_RETRY_DELAY_SECONDS = 5

interface Child {
  readonly pid: number
  readonly bytes: Bytes
  readonly temp: string
  readonly startedMs: number
  /** Keys that the file will have, and what the child's work takes. */
  readonly keys: number
  readonly micros: number
  readonly cow: CowCounter
  at: number
  killed: boolean
}

const PAGE_BYTES = 4096
/** Pages of the child's own that it dirties whatever the data. */
const CHILD_OWN_BYTES = 380928

/** What the parent copies because a child shares its pages: the page of a key's entry and that of its value, once each. */
class CowCounter implements SnapshotGuard {
  private readonly touched = new Set<Bytes>()
  private flushed = 0
  private readonly usedAtFork: number
  constructor(usedAtFork: number) {
    this.usedAtFork = usedAtFork
  }
  beforeChange(db: Database, key: Bytes): void {
    this.touched.add(`${db.id} ${key}`)
  }
  beforeFlush(db: Database): void {
    this.flushed += db.size
  }
  get bytes(): number {
    return Math.min((this.touched.size + this.flushed) * 2 * PAGE_BYTES, this.usedAtFork) + CHILD_OWN_BYTES
  }
}

export class RdbPersistence implements PersistenceExtension {
  private readonly server: Server
  readonly commands: readonly CommandImpl[]
  private readonly rewrite: AofRewrite
  private child: Child | null = null
  private dirtyBeforeBgsave = 0
  private lastSaveSeconds: number
  private lastBgsaveTrySeconds = 0
  private lastSaveTimeSeconds = -1
  private scheduled = false
  private saves = 0
  lastBgsaveOk = true
  private lastCowBytes = 0

  constructor(server: Server) {
    this.server = server
    this.lastSaveSeconds = 0
    this.rewrite = new AofRewrite(server, () => this.child !== null || this.otherChild)
    this.commands = [
      ...this.rewrite.commands,
      ...dumpCommands,
      { name: 'save', handler: (c) => this.saveCommand(c) },
      { name: 'bgsave', handler: (_c, argv) => this.bgsaveCommand(argv) },
      { name: 'lastsave', handler: () => this.lastSaveSeconds },
    ]
  }

  get saving(): boolean {
    return this.child !== null
  }
  private get nowSeconds(): number {
    return Math.floor(this.server.host.nowMs / 1000)
  }
  private get path(): string {
    return this.server.config.dbfilename
  }

  /** SAVE: the reply comes when the file is on the disk, and until then nobody gets one. */
  private saveCommand(c: CommandContext): Reply {
    if (this.child !== null || this.otherChild) throw new RedisError('ERR Background save already in progress')
    const client = c.client
    const waits = !client.denyBlocking && !client.isFake
    if (waits) blockClient(this.server, client, 'wait', { timeoutAtMs: 0 })
    this.writeNow((ok) => {
      if (!waits || client.freed || client.blocked === null) return
      client.addReply(ok ? OK : { t: 'error', text: 'ERR' })
      unblockClient(this.server, client)
    })
    return waits ? NO_REPLY : OK
  }

  /** rdbSave: the whole process waits for the disk. */
  private writeNow(done: (ok: boolean) => void, clean = true): void {
    const s = this.server
    const temp = `temp-${s.host.env.pid}.rdb`
    const bytes = encodeSnapshot(s)
    const dirty = s.dirty
    s.workMicros += countElements(s) * MICROS_PER_ELEMENT
    this.saves++
    s.stall()
    const end = (ok: boolean): void => {
      s.resume()
      if (ok) {
        s.log('notice', 'DB saved on disk')
        if (clean) s.dirty -= dirty
        this.lastBgsaveOk = true
        this.lastSaveSeconds = this.nowSeconds
      }
      done(ok)
    }
    s.host.file({ op: 'write', path: temp, bytes }, (w) => {
      if (w.ok) return this.intoPlace(temp, end)
      s.log('warning', this.openFailure(temp, w))
      end(false)
    })
  }
  private openFailure(temp: string, r: FileResult): string {
    return `Failed opening the temp RDB file ${temp} (in server root dir ${this.server.config.dir}) for saving: ${why(r)}`
  }
  /** On the platter first, under its name then: power may fail between the two. */
  private intoPlace(temp: string, done: (ok: boolean) => void): void {
    const s = this.server
    s.host.file({ op: 'fsync', path: temp }, (f) => {
      if (!f.ok) {
        s.log('warning', `Write error saving DB on disk(fsync): ${why(f)}`)
        s.host.file({ op: 'unlink', path: temp })
        return done(false)
      }
      s.host.file({ op: 'rename', path: temp, to: this.path }, (r) => {
        if (!r.ok) {
          s.log(
            'warning',
            `Error moving temp DB file ${temp} on the final destination ${this.path} (in server root dir ${s.config.dir}): ${why(r)}`,
          )
          s.host.file({ op: 'unlink', path: temp })
        }
        done(r.ok)
      })
    })
  }

  private bgsaveCommand(argv: readonly Bytes[]): Reply {
    if (argv.length > 1 && (argv.length > 2 || !equalsIgnoreCase(argv[1], 'schedule'))) syntaxError()
    if (this.child !== null || this.otherChild) throw new RedisError('ERR Background save already in progress')
    if (this.rewrite.running && !this.server.inExec && argv.length === 1) {
      throw new RedisError(
        "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
      )
    }
    if (this.server.inExec || this.rewrite.running) {
      this.scheduled = true
      return status('Background saving scheduled')
    }
    this.start()
    return status('Background saving started')
  }
  /** A child that feeds replicas: in INFO and for BGSAVE it is a BGSAVE like any other. */
  private get replicaChild(): { readonly child: string; readonly childStartedMs: number } | null {
    const repl = this.server.repl as { m?: { child: string; childStartedMs: number } } | null
    return repl?.m !== undefined && repl.m.child !== 'none' ? repl.m : null
  }
  get otherChild(): boolean {
    return this.replicaChild !== null
  }
  /** backgroundSaveDoneHandler for such a child. `dirty`: the changes that its file has. */
  replicaChildDone(target: 'disk' | 'socket', ok: boolean, startedMs: number, dirty: number): void {
    this.lastSaveTimeSeconds = Math.floor((this.server.host.nowMs - startedMs) / 1000)
    if (target === 'socket') return
    this.lastBgsaveOk = ok
    if (!ok) return
    this.server.dirty -= dirty
    this.lastSaveSeconds = this.nowSeconds
  }

  private start(): void {
    const s = this.server
    const pid = nextChildPid(s)
    this.dirtyBeforeBgsave = s.dirty
    this.lastBgsaveTrySeconds = this.nowSeconds
    this.saves++
    chargeFork(s)
    const keys = s.dbs.reduce((n, db) => n + db.size, 0)
    const child: Child = {
      pid,
      bytes: encodeSnapshot(s),
      temp: `temp-${pid}.rdb`,
      startedMs: s.host.nowMs,
      keys,
      micros: countElements(s) * MICROS_PER_ELEMENT + keys * Math.max(0, s.config.rdbKeySaveDelay),
      cow: new CowCounter(s.usedMemory()),
      at: 0,
      killed: false,
    }
    this.child = child
    this.watch(child.cow)
    s.log('notice', `Background saving started by pid ${pid}`)
    s.tap?.({ kind: 'fork', pid, purpose: 'rdb' })
    s.host.after(1, () => this.slice(child))
  }
  private watch(guard: CowCounter | null): void {
    for (const db of this.server.dbs) db.snapshot = guard
  }

  private slice(child: Child): void {
    const s = this.server
    if (child.killed) return
    const bytes = child.bytes.slice(child.at, child.at + SLICE_BYTES)
    const op = child.at === 0 ? 'write' : 'append'
    child.at += bytes.length
    s.host.file({ op, path: child.temp, bytes }, (r) => {
      if (child.killed) return
      if (!r.ok) {
        logOfChild(s, child.pid, 'warning', this.openFailure(child.temp, r))
        return this.finish(child, false)
      }
      const share = (child.micros * bytes.length) / child.bytes.length / 1000
      if (child.at < child.bytes.length) return void s.host.after(Math.max(1, share), () => this.slice(child))
      const place = (): void => this.place(child)
      if (s.config.rdbKeySaveDelay > 0) s.host.after(Math.max(1, share), place)
      else place()
    })
  }
  private place(child: Child): void {
    const s = this.server
    if (!child.killed)
      this.intoPlace(child.temp, (ok) => {
        if (child.killed) return
        if (ok) {
          logOfChild(s, child.pid, 'notice', 'DB saved on disk')
          logOfChild(s, child.pid, 'notice', cowLine(child.cow.bytes))
        }
        this.finish(child, ok)
      })
  }

  private finish(child: Child, ok: boolean): void {
    const s = this.server
    this.child = null
    this.watch(null)
    this.lastCowBytes = child.cow.bytes
    this.lastSaveTimeSeconds = Math.floor((s.host.nowMs - child.startedMs) / 1000)
    if (ok) {
      s.log('notice', 'Background saving terminated with success')
      s.dirty -= this.dirtyBeforeBgsave
      this.lastSaveSeconds = this.nowSeconds
    } else s.log('warning', 'Background saving error')
    this.lastBgsaveOk = ok
    s.tap?.({ kind: 'child exit', pid: child.pid, ok })
  }

  killChild(): void {
    const child = this.child
    if (child === null) return
    child.killed = true
    this.child = null
    this.watch(null)
    const s = this.server
    s.host.log(formatSignalLine(s, 'Received SIGUSR1 in child, exiting now.', child.pid))
    s.host.file({ op: 'unlink', path: child.temp })
    this.lastCowBytes = child.cow.bytes
    this.lastSaveTimeSeconds = Math.floor((s.host.nowMs - child.startedMs) / 1000)
    // Its end is found out at leisure; that it was wished leaves the last status as it is.
    s.host.after(1, () => s.log('warning', 'Background saving terminated by signal 10'))
  }

  cron(): void {
    const s = this.server
    if (this.lastSaveSeconds === 0) this.lastSaveSeconds = this.nowSeconds
    this.rewrite.cron()
    if (this.child !== null || this.otherChild || this.rewrite.running) return
    if (this.scheduled) {
      this.scheduled = false
      return this.start()
    }
    for (const point of s.config.save) {
      const { seconds, changes } = point
      const due = s.dirty >= changes && this.nowSeconds - this.lastSaveSeconds > seconds
      const mayTry =
        this.lastBgsaveOk || this.nowSeconds - this.lastBgsaveTrySeconds > CONFIG_BGSAVE_RETRY_DELAY_SECONDS
      if (!due || !mayTry) continue
      s.log('notice', `${changes} changes in ${seconds} seconds. Saving...`)
      return this.start()
    }
  }

  saveAtShutdown(done: (ok: boolean) => void): void {
    this.killChild()
    this.writeNow(done)
  }
  onFlushAll(): void {
    this.killChild()
    if (this.server.config.save.length === 0) return
    this.writeNow(() => {}, false)
  }

  loadAtStart(done: () => void): void {
    const s = this.server
    const startedAt = s.host.now
    this.lastSaveSeconds = this.nowSeconds
    s.host.file({ op: 'stat', path: this.path }, (there) => {
      if (!there.ok && there.error === 'ENOENT') return done()
      startLoading(s, there.ok ? (there.size ?? 0) : 0)
      this.readAtStart(startedAt, done)
    })
  }
  private readAtStart(startedAt: number, done: () => void): void {
    const s = this.server
    s.host.file({ op: 'read', path: this.path }, (r) => {
      const aux = new Map<Bytes, Bytes>()
      const failed = (error: string | null, deep = false): void => {
        for (const line of fatalLoadLines(error, deep)) s.log('warning', line)
        s.host.exit(1)
      }
      if (!r.ok && r.error === 'ENOENT') {
        stopLoading(s)
        return done()
      }
      if (!r.ok) return failed(r.error === 'EISDIR' ? EOF_ERROR : null)
      const onAux = (k: Bytes, v: Bytes): void => void aux.set(k, v)
      loadInSlices(s, r.bytes ?? '', {
        onAux,
        done: (error, deep) => {
          if (error !== null) return failed(error, deep)
          stopLoading(s)
          s.log('notice', `DB loaded from disk: ${((s.host.now - startedAt) / 1e6).toFixed(3)} seconds`)
          this.continueHistory(aux)
          done()
        },
      })
    })
  }
  private continueHistory(aux: ReadonlyMap<Bytes, Bytes>): void {
    const id = aux.get('repl-id')
    const offset = aux.get('repl-offset')
    const repl = this.server.repl as { restored?: (db: number, id: Bytes, offset: number) => void } | null
    if (id !== undefined && offset !== undefined && id.length === 40)
      repl?.restored?.(Number(aux.get('repl-stream-db') ?? 0), id, Number(offset))
  }

  /** DEBUG RELOAD: through the format and back. Gives the error's text, or null. */
  reload(): string | null {
    const s = this.server
    const bytes = encodeSnapshot(s)
    s.workMicros += countElements(s) * MICROS_PER_ELEMENT
    s.stall()
    s.host.file({ op: 'write', path: this.path, bytes }, () => s.resume())
    for (const db of s.dbs) db.empty()
    return loadRdbBytes(s, bytes)
  }

  /** rdbSaveInfo of the child that is running: how far it is. */
  private childInfo(): string[] {
    const child = this.child
    const cow = child?.cow.bytes ?? 0
    const part = child === null ? 0 : Math.min(1, child.at / Math.max(1, child.bytes.length))
    return [
      `current_cow_peak:${cow}`,
      `current_cow_size:${cow}`,
      `current_cow_size_age:0`,
      `current_fork_perc:${(part * 100).toFixed(2)}`,
      `current_save_keys_processed:${child === null ? 0 : Math.floor(part * child.keys)}`,
      `current_save_keys_total:${child?.keys ?? 0}`,
    ]
  }
  infoSection(): string {
    const s = this.server
    const startedMs = this.child?.startedMs ?? this.replicaChild?.childStartedMs
    const last = lastLoad(s)
    const lines = [
      '# Persistence',
      `loading:${s.loading && !s.asyncLoading ? 1 : 0}`,
      `async_loading:${s.asyncLoading ? 1 : 0}`,
      ...this.childInfo(),
      `rdb_changes_since_last_save:${s.dirty}`,
      `rdb_bgsave_in_progress:${startedMs === undefined ? 0 : 1}`,
      `rdb_last_save_time:${this.lastSaveSeconds}`,
      `rdb_last_bgsave_status:${this.lastBgsaveOk ? 'ok' : 'err'}`,
      `rdb_last_bgsave_time_sec:${this.lastSaveTimeSeconds}`,
      `rdb_current_bgsave_time_sec:${startedMs === undefined ? -1 : Math.floor((s.host.nowMs - startedMs) / 1000)}`,
      `rdb_saves:${this.saves}`,
      `rdb_last_cow_size:${this.lastCowBytes}`,
      `rdb_last_load_keys_expired:${last.expired}`,
      `rdb_last_load_keys_loaded:${last.loaded}`,
      ...this.rewrite.infoLines(),
      'module_fork_in_progress:0',
      'module_fork_last_cow_size:0',
      ...loadingInfo(s),
    ]
    return `${lines.join('\r\n')}\r\n`
  }
}

const TERMINATING = 'Terminating server after rdb file reading failure.'
/** A file that is no RDB is told from one that is broken. */
function fatalLoadLines(error: string | null, deep: boolean): string[] {
  if (error === null) return ['Fatal error loading the DB, check server logs. Exiting.']
  if (/^(Wrong signature|Can't handle RDB format)/.test(error))
    return [error, 'Fatal error loading the DB: Invalid argument. Exiting.']
  const report = (text: string): string =>
    `Internal error in RDB reading offset 0, function at rdb-decode.ts -> ${text}`
  if (error === EOF_ERROR) return ['Short read or OOM loading DB. Unrecoverable error, aborting now.', report(error)]
  if (error.startsWith('Wrong RDB checksum')) return [error, report('RDB CRC error'), ...(deep ? [TERMINATING] : [])]
  // Where redis-check-rdb, which is run next, finds the fault as well, it has the last word.
  const found = error.startsWith('Unknown RDB encoding type')
  return error.startsWith('FATAL') ? [error] : [report(error), ...(found ? [] : [TERMINATING])]
}
const why = (r: FileResult): string => (r.ok ? 'Success' : strerror(r.error))
export type { CommandContext }
