/** redis-cli --cluster beside the real one: nodes on ports of their own, both programs' output in a form to compare. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeCommands } from '../../src/engine/programs/redis-cli/modes/encode.ts'
import { ReplyParser } from '../../src/engine/protocol/reply-parser.ts'
import { type CliResult, runCli } from './cli-program.ts'
import { freeClusterPort, type Program, type Running, start, until } from './processes.ts'

export interface Node {
  readonly host: string
  readonly port: number
  readonly address: string
  readonly running: Running
}

/** What the real redis-cli prints for a command. */
export function ask(node: Node, ...argv: string[]): string {
  if (argv.includes('reset')) ids.delete(node)
  const r = spawnSync('redis-cli', ['-h', node.host, '-p', String(node.port), ...argv], {
    encoding: 'latin1',
    timeout: 20_000,
  })
  return (r.stdout + r.stderr).trimEnd()
}
const ids = new Map<Node, string>()
/** Asked for once: it changes with a reset only. */
export function idOf(node: Node): string {
  const id = ids.get(node) ?? ask(node, 'cluster', 'myid')
  ids.set(node, id)
  return id
}

/** A string that a node answers with, without a process for it. */
function quick(node: Node, ...argv: string[]): Promise<string> {
  return new Promise((resolve) => {
    const parser = new ReplyParser()
    const socket = connect(node.port, node.host, () => socket.write(encodeCommands([argv])))
    socket.setEncoding('latin1')
    const end = (text: string): void => {
      socket.destroy()
      resolve(text)
    }
    socket.on('error', () => end(''))
    socket.on('data', (d: string) => {
      parser.feed(d)
      const reply = parser.next()
      if (reply !== undefined) end(typeof reply === 'string' ? reply.trimEnd() : '')
    })
  })
}

export async function startNode(program: Program, host = '127.0.0.1', args: readonly string[] = []): Promise<Node> {
  const port = await freeClusterPort()
  const dir = mkdtempSync(join(tmpdir(), 'rehash-cl-'))
  const running = await start(program, {
    port,
    dir,
    args: [
      ...['--protected-mode', 'no', '--cluster-enabled', 'yes', '--cluster-node-timeout', '3000'],
      ...(program === 'real' ? ['--enable-debug-command', 'yes'] : []),
      ...args,
    ],
  })
  return { host, port, address: `${host}:${port}`, running }
}

const text = (out: string): string => out.replaceAll('\r\n', '\n')

/** The real redis-cli, both streams as they come. `answers` are typed one at a time, each when it has asked. */
export function real(argv: readonly string[], answers: readonly string[] = [], cwd?: string): Promise<CliResult> {
  return new Promise((resolve) => {
    const left = [...answers]
    const child = spawn('sh', ['-c', 'exec stdbuf -o0 redis-cli "$@" 2>&1', 'sh', ...argv], {
      env: { ...process.env, TERM: 'xterm' },
      ...(cwd === undefined ? {} : { cwd }),
    })
    let out = ''
    let answered = 0
    child.stdout.on('data', (d: Buffer) => {
      out += d.toString('latin1')
      if (out.length === answered || !/[:?] $/.test(out)) return
      answered = out.length
      const next = left.shift()
      if (next === undefined) child.stdin.end()
      else child.stdin.write(`${next}\n`)
    })
    child.stdin.on('error', () => {})
    if (answers.length === 0) child.stdin.end()
    child.on('close', (code) => resolve({ text: text(out), code: code ?? -1 }))
  })
}

/** Ours, without what the terminal shows of the typing. */
export async function ours(argv: readonly string[], answers: readonly string[] = []): Promise<CliResult> {
  const stdin = answers.map((a) => `${a}\n`).join('')
  const r = await runCli(argv, { stdin })
  return { code: r.code, text: r.text.startsWith(stdin) ? r.text.slice(stdin.length) : r.text }
}

const TOLD = /(ERR setting node-timeout|New timeout set) for|WARNING\] Node /
/**
 * Names and ports become numbers, dots of waiting one, and lists of nodes sorted: their order is that of a hash table of
 * the server's.
 */
export function mask(result: CliResult, nodes: readonly Node[]): CliResult {
  let out = result.text
  nodes.forEach((n, i) => {
    out = out.replaceAll(n.address, `<node ${i}>`).replaceAll(idOf(n), `<id ${i}>`)
  })
  out = out.replace(/(?<=to join\n)\.*\n/g, '...\n')
  const lines = out.split('\n')
  const sorted: string[] = []
  for (let i = 0; i < lines.length; ) {
    const blocks: string[] = []
    while (i < lines.length && /^(\x1b\[[\d;]*m)*\s*[MS]: /.test(lines[i] as string)) {
      let block = (lines[i++] as string).replace(/^\x1b\[0m/, '')
      while (i < lines.length && /^ {3,}/.test(lines[i] as string)) block += `\n${lines[i++]}`
      blocks.push(block)
    }
    if (blocks.length > 0) sorted.push(...blocks.sort())
    else if (TOLD.test(lines[i] as string)) {
      while (i < lines.length && TOLD.test(lines[i] as string)) blocks.push(lines[i++] as string)
      sorted.push(...blocks.sort())
    } else if (/^<node \d> \(.{8}\.\.\.\) -> |^<node \d>: /.test(lines[i] as string)) {
      while (i < lines.length && /^<node \d> \(.{8}\.\.\.\) -> |^<node \d>: |^$/.test(lines[i] as string))
        blocks.push((lines[i++] as string).replace(/\(.{8}\.\.\.\)/, '(...)'))
      sorted.push(...blocks.sort())
    } else sorted.push(lines[i++] as string)
  }
  return { code: result.code, text: sorted.join('\n') }
}

const parts = (nodes: readonly Node[]): string[] => nodes.map((n) => n.address)

/** All know each other and agree; replicas follow. */
export async function settled(nodes: readonly Node[], replicas: number): Promise<void> {
  await until('the cluster to be one', async () => {
    const views = await Promise.all(nodes.map((n) => quick(n, 'cluster', 'nodes')))
    const states = await Promise.all(nodes.map((n) => quick(n, 'cluster', 'info')))
    return (
      views.every((v) => v.split('\n').length === nodes.length && !/handshake|fail|disconnected|noaddr/.test(v)) &&
      views.every((v) => (v.match(/slave/g) ?? []).length === replicas) &&
      new Set(views.map(ownership)).size === 1 &&
      states.every((state) => state.includes('cluster_state:ok'))
    )
  })
}
const ownership = (view: string): string =>
  view
    .split('\n')
    .map((line) => {
      const words = line.split(' ')
      return [words[0], words[3], ...words.slice(8).filter((w) => !w.startsWith('['))].join(' ')
    })
    .sort()
    .join('\n')

/** Back to empty nodes that know nobody, under their old names. */
export function reset(nodes: readonly Node[]): void {
  for (const n of nodes) {
    if (ask(n, 'role').startsWith('slave')) ask(n, 'cluster', 'reset', 'soft')
    ask(n, 'flushall')
    ask(n, 'function', 'flush')
    ask(n, 'cluster', 'reset', 'soft')
  }
}

/** One cluster of these nodes, made by the real redis-cli. */
export async function build(nodes: readonly Node[], replicas: number): Promise<void> {
  reset(nodes)
  const r = await real([
    '--cluster',
    'create',
    ...parts(nodes),
    '--cluster-replicas',
    String(replicas),
    '--cluster-yes',
  ])
  if (r.code !== 0) throw new Error(r.text)
  await settled(nodes, Math.floor((nodes.length * replicas) / (replicas + 1)))
}
