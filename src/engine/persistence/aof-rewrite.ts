/**
 * BGREWRITEAOF: the data set as a new base file of the append-only log, and a manifest that names it.
 *
 *   BGREWRITEAOF ▶ "child" writes temp-rewriteaof-bg-<pid>.aof ▶ renamed to <name>.<seq>.base.rdb
 *                ▶ manifest written beside and renamed ▶ the base file before it is removed
 *
 * Kept exactly: replies, scheduling behind another child, names of files, the manifest, log lines, INFO's fields.
 * Simplified: without `appendonly yes` there is no incremental file beside the base, and that option itself is not served yet
 * (docs/fidelity.md), so a base is always an RDB file with the aux field aof-base 1.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { strerror } from '../bytes/errno.ts'
import type { CommandImpl } from '../commands/command.ts'
import type { FileResult } from '../machine.ts'
import { RedisError, type Reply, status } from '../protocol/reply.ts'
import type { Server } from '../server/server.ts'
import {
  chargeFork,
  countElements,
  cowLine,
  logOfChild,
  MICROS_PER_ELEMENT,
  nextChildPid,
  snapshotChunks,
} from './snapshot.ts'

interface RewriteChild {
  readonly pid: number
  readonly bytes: Bytes
  readonly temp: string
  readonly startedMs: number
}

export class AofRewrite {
  private readonly server: Server
  /** A child that saves an RDB file or feeds replicas: there is only one child at a time. */
  private readonly otherChild: () => boolean
  private child: RewriteChild | null = null
  private scheduled = false
  private sequence = 0
  private rewrites = 0
  private failures = 0
  private lastOk = true
  private lastSeconds = -1
  private lastCowBytes = 0
  readonly commands: readonly CommandImpl[] = [{ name: 'bgrewriteaof', handler: () => this.command() }]

  constructor(server: Server, otherChild: () => boolean) {
    this.server = server
    this.otherChild = otherChild
  }

  get running(): boolean {
    return this.child !== null
  }

  private command(): Reply {
    if (this.child !== null) throw new RedisError('ERR Background append only file rewriting already in progress')
    if (this.otherChild() || this.server.inExec) {
      this.scheduled = true
      return status('Background append only file rewriting scheduled')
    }
    this.start()
    return status('Background append only file rewriting started')
  }

  cron(): void {
    if (!this.scheduled || this.child !== null || this.otherChild()) return
    this.scheduled = false
    this.start()
  }

  private start(): void {
    const s = this.server
    const pid = nextChildPid(s)
    chargeFork(s)
    this.rewrites++
    const child: RewriteChild = {
      pid,
      bytes: [...snapshotChunks(s, true)].join(''),
      temp: `temp-rewriteaof-bg-${pid}.aof`,
      startedMs: s.host.nowMs,
    }
    this.child = child
    s.log('notice', `Background append only file rewriting started by pid ${pid}`)
    s.tap?.({ kind: 'fork', pid, purpose: 'aof' })
    s.host.after(Math.max(1, (countElements(s) * MICROS_PER_ELEMENT) / 1000), () => this.write(child))
  }

  private write(child: RewriteChild): void {
    const { host } = this.server
    host.file({ op: 'write', path: child.temp, bytes: child.bytes }, (w) => {
      if (!w.ok) {
        logOfChild(
          this.server,
          child.pid,
          'warning',
          `Opening the temp file for AOF rewrite in rewriteAppendOnlyFile(): ${why(w)}`,
        )
        return this.finish(child, false)
      }
      host.file({ op: 'fsync', path: child.temp }, (f) => {
        if (f.ok) {
          logOfChild(this.server, child.pid, 'notice', `Successfully created the temporary AOF base file ${child.temp}`)
          this.lastCowBytes = 0
          logOfChild(this.server, child.pid, 'notice', cowLine(0).replace('for RDB', 'for AOF rewrite'))
          this.server.log('notice', 'Background AOF rewrite terminated with success')
        }
        this.intoPlace(child, f.ok)
      })
    })
  }

  /** The base under its name, then the manifest, and only then the old base goes. */
  private intoPlace(child: RewriteChild, ok: boolean): void {
    if (!ok) return this.finish(child, false)
    const { host, config } = this.server
    const { appenddirname, appendfilename } = config
    const base = (sequence: number): string => `${appendfilename}.${sequence}.base.rdb`
    const inDir = (name: string): string => `${appenddirname}/${name}`
    const next = this.sequence + 1
    const manifest = `${appendfilename}.manifest`
    const failed = (what: string, r: FileResult): void => {
      this.server.log('warning', `${what}: ${why(r)}`)
      this.finish(child, false)
    }
    host.file({ op: 'mkdir', path: appenddirname }, () => {
      host.file({ op: 'rename', path: child.temp, to: inDir(base(next)) }, (r) => {
        if (!r.ok)
          return failed(`Error trying to rename the temporary AOF base file ${child.temp} into ${base(next)}`, r)
        this.server.log('notice', `Successfully renamed the temporary AOF base file ${child.temp} into ${base(next)}`)
        const bytes = `file ${base(next)} seq ${next} type b\n`
        host.file({ op: 'write', path: inDir(`temp-${manifest}`), bytes }, (w) => {
          if (!w.ok) return failed(`Fail to open the AOF manifest file temp-${manifest}`, w)
          host.file({ op: 'rename', path: inDir(`temp-${manifest}`), to: inDir(manifest) }, (m) => {
            if (!m.ok)
              return failed(
                `Error trying to rename the temporary AOF manifest file temp-${manifest} into ${manifest}`,
                m,
              )
            const old = this.sequence
            this.sequence = next
            if (old > 0) {
              this.server.log('notice', `Removing the history file ${base(old)} in the background`)
              host.file({ op: 'unlink', path: inDir(base(old)) })
            }
            this.server.log('notice', 'Background AOF rewrite finished successfully')
            this.finish(child, true)
          })
        })
      })
    })
  }

  private finish(child: RewriteChild, ok: boolean): void {
    const s = this.server
    this.child = null
    this.lastOk = ok
    this.failures = ok ? 0 : this.failures + 1
    this.lastSeconds = Math.floor((s.host.nowMs - child.startedMs) / 1000)
    if (!ok) {
      s.log('warning', 'Background AOF rewrite terminated with error')
      s.host.file({ op: 'unlink', path: child.temp })
    }
    s.tap?.({ kind: 'child exit', pid: child.pid, ok })
  }

  /** The aof_* fields of INFO persistence. */
  infoLines(): string[] {
    const { child } = this
    const seconds = child === null ? -1 : Math.floor((this.server.host.nowMs - child.startedMs) / 1000)
    return [
      'aof_enabled:0',
      `aof_rewrite_in_progress:${child === null ? 0 : 1}`,
      `aof_rewrite_scheduled:${this.scheduled ? 1 : 0}`,
      `aof_last_rewrite_time_sec:${this.lastSeconds}`,
      `aof_current_rewrite_time_sec:${seconds}`,
      `aof_last_bgrewrite_status:${this.lastOk ? 'ok' : 'err'}`,
      `aof_rewrites:${this.rewrites}`,
      `aof_rewrites_consecutive_failures:${this.failures}`,
      'aof_last_write_status:ok',
      `aof_last_cow_size:${this.lastCowBytes}`,
    ]
  }
}

const why = (r: FileResult): string => (r.ok ? 'Success' : strerror(r.error))
