/**
 * The nodes of a cluster transcript, and what its texts must not depend on.
 *
 *     @ cluster a=0-5460 b=5461-10922 c=10923-16383 d>a -- cluster-node-timeout 5000
 *
 * Node a is named aaaa..., b is bbbb...; node i answers on port 7000 + i (bus: 17000 + i) whatever its real port is. The epoch
 * of a master is its place, its replica has its master's. Without "--" no options of redis.conf are added.
 */
export interface NodeLayout {
  readonly letter: string
  readonly slots: string
  readonly master: string | null
}
export interface Layout {
  readonly nodes: readonly NodeLayout[]
  /** As on a command line. */
  readonly options: readonly string[]
}
export const nodeId = (letter: string): string => letter.repeat(40)
export const SHOWN_PORT = 7000
const BUS = 10000

export function parseLayout(text: string): Layout {
  const [nodes = '', options = ''] = text.split(/ -- /)
  const words = options.split(' ').filter((w) => w !== '')
  return {
    nodes: nodes.split(' ').map((word) => {
      const m = /^([a-f])(?:=([\d,-]+)|>([a-f]))?$/.exec(word)
      if (!m) throw new Error(`not a node: ${word}`)
      return { letter: m[1]!, slots: m[2] ?? '', master: m[3] ?? null }
    }),
    options: words.map((w, i) => (i % 2 === 0 ? `--${w}` : w)),
  }
}
/** nodes.conf of the i-th node; `ports` are the real ones. */
export function nodesConf({ nodes }: Layout, me: number, ports: readonly number[]): string {
  const epoch = (letter: string): number => nodes.findIndex((n) => n.letter === letter) + 1
  const lines = nodes.map((n, i) => {
    const flags = `${i === me ? 'myself,' : ''}${n.master === null ? 'master' : 'slave'}`
    const master = n.master === null ? '-' : nodeId(n.master)
    const slots = n.slots === '' ? '' : ` ${n.slots.replaceAll(',', ' ')}`
    return `${nodeId(n.letter)} 127.0.0.1:${ports[i]}@${ports[i]! + BUS} ${flags} ${master} 0 0 ${epoch(n.master ?? n.letter)} connected${slots}`
  })
  return `${lines.join('\n')}\nvars currentEpoch ${nodes.length} lastVoteEpoch 0\n`
}
/** All slots are somebody's: such a cluster comes up as ok. */
export function covers({ nodes }: Layout): boolean {
  let count = 0
  for (const { slots } of nodes) {
    for (const part of slots.split(',')) {
      const [from, to = from] = part.split('-')
      if (from !== '' && from !== undefined) count += Number(to) - Number(from) + 1
    }
  }
  return count === 16384
}
/** Which node a client of that name talks to: "b2" is the second one at b, "" is the first node's. */
export const nodeOf = ({ nodes }: Layout, client: string): number =>
  Math.max(0, client === '' ? 0 : nodes.findIndex((n) => n.letter === client[0]))

/** The ports as the transcript writes them become real ones. */
export function realPorts(text: string, ports: readonly number[]): string {
  return text.replace(/\b(1?)700(\d)\b/g, (all, bus: string, i: string) => {
    const port = ports[Number(i)]
    return port === undefined ? all : String(port + (bus === '1' ? BUS : 0))
  })
}
/** What differs from run to run: real ports, times, counts of packets, names that were drawn. */
export function masked(lines: readonly string[], ports: readonly number[]): string[] {
  const shown = new Map<string, string>()
  for (const [i, port] of ports.entries()) {
    shown.set(String(port), String(SHOWN_PORT + i))
    shown.set(String(port + BUS), String(SHOWN_PORT + BUS + i))
  }
  let offset = false
  return lines
    .filter((line) => !/^cluster_stats_messages_/.test(line))
    .map((line) => {
      const out = line
        .replace(/\b\d{4,5}\b/g, (n) => shown.get(n) ?? n)
        .replace(/ (-|[0-9a-f]{40}) \d+ \d+ (\d+) (connected|disconnected)/g, ' $1 <ping> <pong> $2 $3')
        .replace(/cluster_stats_messages_\w+:\d+\\r\\n/g, '')
        .replace(/("replication-offset" => \(integer\)) \d+/, '$1 <offset>')
        .replace(/\b1\d{12}\b/g, '<ms>')
        .replace(/(?<!script: |f_|sha1 )\b[0-9a-f]{40}\b/g, (id) => (/^(.)\1*$/.test(id) ? id : '<id>'))
      const hidden = offset ? out.replace(/\(integer\) \d+/, '(integer) <offset>') : out
      offset = out.endsWith('"replication-offset"')
      return hidden
    })
}
