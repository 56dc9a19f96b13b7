/** What a division of the keys costs, each shown by the commands that meet it. */
import { useEffect, useRef, useState } from 'react'
import type { Session, Terminal } from '../../../browser/session.ts'
import { textToBytes } from '../../bytes.ts'
import { safeText } from '../../format.ts'
import type { Server } from './run-data.ts'

export interface Place {
  readonly session: Session
  readonly box: string
  /** Of servers that are in a cluster; else null. */
  readonly cluster: readonly Server[] | null
  readonly servers: readonly Server[]
  readonly proxy: string
}
interface Cost {
  readonly title: string
  readonly why: string
  /** Commands by where they are sent; several for one connection are typed one after the other. */
  readonly runs: (place: Place) => readonly { readonly to: string; readonly commands: readonly string[] }[]
}

const COSTS: readonly Cost[] = [
  {
    title: 'Several keys',
    why: 'Keys of one command must be on one server.',
    runs: ({ cluster, proxy }) => [
      cluster
        ? { to: cluster[0]?.address ?? '', commands: ['MSET foo 1 bar 2'] }
        : { to: proxy, commands: ['RENAME foo bar'] },
    ],
  },
  {
    title: 'Transactions',
    why: 'So must the keys of a MULTI; a proxy has none.',
    runs: ({ cluster, proxy }) => [
      cluster
        ? { to: cluster[0]?.address ?? '', commands: ['MULTI', 'SET bar 1', 'SET foo 1', 'EXEC'] }
        : { to: proxy, commands: ['MULTI'] },
    ],
  },
  {
    title: 'Backups',
    why: 'A file for each server, each of its own moment.',
    runs: ({ servers }) => servers.map((s) => ({ to: s.address, commands: ['SAVE'] })),
  },
]

export function Costs({ place, hot, resize }: { place: Place; hot: (() => void) | null; resize: (() => void) | null }) {
  return (
    <section className="run-costs" aria-label="What it costs">
      {COSTS.map((cost) => (
        <CostCard key={cost.title} cost={cost} place={place} />
      ))}
      <div>
        <b>One huge key</b>
        <p className="cap">A key is never divided: its server has all of its memory and its load.</p>
        <button type="button" className="btn small" disabled={hot === null} onClick={hot ?? undefined}>
          Send 80% to one key
        </button>
      </div>
      <div>
        <b>Resizing</b>
        <p className="cap">
          {place.cluster ? 'Keys are moved slot by slot: Reshard, on the Slots tab.' : 'Keys that move are not found.'}
        </p>
        {!place.cluster && (
          <button type="button" className="btn small" disabled={resize === null} onClick={resize ?? undefined}>
            Change the servers
          </button>
        )}
      </div>
    </section>
  )
}

const ANSWER = /^(OK|QUEUED|\(error\).*|Could not connect .*)$/

function CostCard({ cost, place }: { cost: Cost; place: Place }) {
  const [lines, setLines] = useState<readonly string[]>([])
  const open = useRef<Terminal[]>([])
  useEffect(
    () => () => {
      for (const terminal of open.current) terminal.close()
    },
    [],
  )
  const runs = cost.runs(place)
  const run = () => {
    for (const terminal of open.current.splice(0)) terminal.close()
    setLines([])
    for (const { to, commands } of runs) {
      const [host = '', port = ''] = to.split(':')
      const one = commands.length === 1 ? (commands[0] as string).split(' ') : []
      const terminal = place.session.openTerminal(place.box, ['-h', host, '-p', port, ...one])
      open.current.push(terminal)
      let text = ''
      let said = 0
      terminal.onOutput((bytes) => {
        text += bytes
        const answers = text.split(/\r?\n/).filter((line) => ANSWER.test(line))
        const fresh = answers.slice(said).map((a) => safeText(a, 90))
        if (fresh.length === 0) return
        setLines((old) => [...old, ...fresh])
        said = answers.length
        if (said >= commands.length) terminal.close()
        else terminal.write(textToBytes(`${commands[said]}\r`))
      })
      // At a prompt, what is typed ahead of an answer is dropped.
      if (commands.length > 1) terminal.write(textToBytes(`${commands[0]}\r`))
    }
  }
  const [first] = runs
  return (
    <div>
      <b>{cost.title}</b>
      <p className="cap">{cost.why}</p>
      <button type="button" className="btn small mono" onClick={run}>
        {first?.commands.length === 1 ? first.commands[0] : 'MULTI … EXEC'}
        {runs.length > 1 && `, ${runs.length} times`}
      </button>
      {lines.length > 0 && <output>{runs.length > 1 ? `${lines.length} files dump.rdb` : lines.join('\n')}</output>}
    </div>
  )
}
