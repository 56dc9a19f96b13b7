// Real Redis and ours, started side by side, and what is needed to ask both the same and to see what it cost them.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../scripts/setup.mjs'

/** REHASH_SERVER names another build to measure. */
const OURS = process.env.REHASH_SERVER ?? join(root, 'dist-node', 'rehash-server.js')

export const haveRedis = () => spawnSync('redis-benchmark', ['--version']).status === 0
export const median = (a) => [...a].sort((x, y) => x - y)[a.length >> 1]
export const geomean = (a) => Math.exp(a.reduce((s, x) => s + Math.log(x), 0) / a.length)

const freePort = () =>
  new Promise((resolve) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => resolve(port))
    })
  })
const isUp = (port) =>
  new Promise((resolve) => {
    const s = connect(port, '127.0.0.1', () => {
      s.destroy()
      resolve(true)
    })
    s.once('error', () => resolve(false))
  })

/** A fresh server with an empty directory; `stop` ends it and removes the directory. */
export async function start(which, args = []) {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'rehash-bench-'))
  const all = [...args, '--port', String(port), '--save', '', '--dir', dir, '--enable-debug-command', 'yes']
  const child =
    which === 'real'
      ? spawn('redis-server', all, { stdio: 'ignore' })
      : spawn(process.execPath, [OURS, ...all], { stdio: 'ignore' })
  for (let i = 0; i < 200 && !(await isUp(port)); i++) await new Promise((r) => setTimeout(r, 50))
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGKILL')
    await gone
    rmSync(dir, { recursive: true, force: true })
  }
  return { port, child, dir, stop }
}

/** CPU of a server so far, user and system, in microseconds (counted by the system in ticks of 10 ms). */
export function cpu(server) {
  const f = readFileSync(`/proc/${server.child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(f[11]) + Number(f[12])) * 10_000
}
export const residentBytes = (server) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'latin1'))[1]) * 1024

export const encode = (argv) => {
  let out = `*${argv.length}\r\n`
  for (const a of argv) {
    const s = String(a)
    out += `$${s.length}\r\n${s}\r\n`
  }
  return out
}

/** A client that pipelines: sends requests and waits until as many replies have come. */
export function client(server) {
  return new Promise((resolve, reject) => {
    let left = 0
    let done = null
    let text = ''
    let keep = false
    // Of each reply only its extent is of interest; nesting is counted by adding an array's length to what is awaited.
    let skip = 0
    let line = ''
    const scan = (d) => {
      for (let i = 0; i < d.length; ) {
        if (skip > 0) {
          const n = Math.min(skip, d.length - i)
          skip -= n
          i += n
          if (skip === 0) left--
          continue
        }
        const nl = d.indexOf('\n', i)
        if (nl < 0) {
          line += d.slice(i)
          break
        }
        line += d.slice(i, nl)
        i = nl + 1
        const n = Number(line.slice(1))
        if (line[0] === '$' && n >= 0) skip = n + 2
        else if (line[0] === '*' && n > 0) left += n - 1
        else left--
        line = ''
      }
    }
    const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true }, () =>
      resolve({
        send: (requests) =>
          new Promise((r) => {
            left = requests.length
            done = r
            socket.write(requests.map(encode).join(''), 'latin1')
          }),
        ask: (...argv) =>
          new Promise((r) => {
            keep = true
            text = ''
            left = 1
            done = r
            socket.write(encode(argv), 'latin1')
          }),
        end: () => socket.destroy(),
      }),
    )
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('data', (d) => {
      if (keep) text += d
      scan(d)
      if (left > 0 || skip > 0 || done === null) return
      const f = done
      done = null
      keep = false
      f(text)
    })
  })
}

/** n requests in batches. */
export async function load(c, n, make, batch = 1000) {
  for (let i = 0; i < n; ) {
    const requests = []
    for (let k = 0; k < batch && i < n; k++, i++) requests.push(make(i))
    await c.send(requests)
  }
}
/** Microseconds of the server's CPU that `work` takes. */
export async function cost(server, work) {
  const before = cpu(server)
  await work()
  return cpu(server) - before
}
