/** Real files for a machine: its file operations, standard input, and bytes to a descriptor. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import type { Bytes, FileOp, FileResult } from '../engine/index.ts'

/** The fastest way from bytes to a one-byte string; not in the published types. */
export const latin1 = (b: Buffer, end: number = b.length): Bytes =>
  (b as unknown as { latin1Slice(start: number, end: number): string }).latin1Slice(0, end)

export function writeAll(fd: number, bytes: Bytes | Buffer): void {
  const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  for (let offset = 0; offset < data.length; ) {
    try {
      offset += writeSync(fd, data, offset)
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EAGAIN') return
    }
  }
}

/** Where a process in the background finds what was on the standard input of the one that started it. */
export const STDIN_VARIABLE = 'REHASH_STDIN'
let stdinText: Buffer | null = null
/** Standard input to its end, also when it is a socket or would not wait; the same each time. */
export function readStdin(): Buffer {
  const given = process.env[STDIN_VARIABLE]
  stdinText ??= given === undefined ? readToEnd() : Buffer.from(given, 'base64')
  return stdinText
}
function readToEnd(): Buffer {
  for (const parts: Buffer[] = []; ; ) {
    const part = Buffer.allocUnsafe(65536)
    try {
      const n = readSync(0, part)
      if (n === 0) return Buffer.concat(parts)
      parts.push(part.subarray(0, n))
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EAGAIN') return Buffer.concat(parts)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

/**
 * flock(2), which Node has not: a child locks the open file that it inherits, and as the file stays open here, so does the
 * lock. Where there is no program for it, files go unlocked.
 */
function lock(path: string): FileResult {
  const fd = openSync(path, 'a')
  const taken = spawnSync('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] }).status === 1
  if (!taken) return { ok: true }
  closeSync(fd)
  return { ok: false, error: 'EWOULDBLOCK' }
}

/** One file operation of the contract on the real file system. */
export function performFile(op: FileOp): FileResult {
  try {
    switch (op.op) {
      case 'read':
        return { ok: true, bytes: latin1(op.path === '/dev/stdin' ? readStdin() : readFileSync(op.path)) }
      case 'write':
        writeFileSync(op.path, op.bytes, 'latin1')
        return { ok: true }
      case 'append':
        appendFileSync(op.path, op.bytes, 'latin1')
        return { ok: true }
      case 'pwrite':
        return withFile(op.path, 'r+', (fd) =>
          writeSync(fd, Buffer.from(op.bytes, 'latin1'), 0, op.bytes.length, op.offset),
        )
      case 'truncate':
        truncateSync(op.path, op.length)
        return { ok: true }
      case 'fsync':
        return withFile(op.path, 'r', (fd) => fsyncSync(fd))
      case 'rename':
        renameSync(op.path, op.to)
        return { ok: true }
      case 'lock':
        return lock(op.path)
      case 'unlink':
        unlinkSync(op.path)
        return { ok: true }
      case 'stat': {
        const s = statSync(op.path)
        return { ok: true, size: s.size, isDirectory: s.isDirectory() }
      }
      case 'list':
        return { ok: true, names: readdirSync(op.path).sort() }
      case 'mkdir':
        mkdirSync(op.path)
        return { ok: true }
    }
  } catch (e) {
    return { ok: false, error: (e as NodeJS.ErrnoException).code ?? 'EIO' }
  }
}

function withFile(path: string, flags: string, use: (fd: number) => unknown): FileResult {
  const fd = openSync(path, flags)
  try {
    use(fd)
    return { ok: true }
  } finally {
    closeSync(fd)
  }
}
