/** Who believes what of whom: a row says it, a column is spoken of. Reading down a column one sees suspicion become fact. */
import { useMemo, useState } from 'react'
import { milliseconds } from '../format.ts'
import { RoleMark, Tag } from '../parts/glyphs.tsx'
import { Icon } from '../parts/icons.tsx'
import { useSlotChoice } from './choice.ts'
import type { ClusterPicture, Member, NodeData } from './data.ts'
import { useEpochs } from './Epochs.tsx'
import { detectionOf } from './epochs-layout.ts'
import { busBytesPerSecond } from './traffic.ts'

type Belief = 'ok' | 'waiting' | 'pfail' | 'fail' | 'handshake' | 'unknown' | 'self' | 'silent'
const WORDS: Record<Belief, string> = {
  ok: 'ok',
  waiting: 'waits for PONG',
  pfail: 'PFAIL',
  fail: 'FAIL',
  handshake: 'handshake',
  unknown: 'not known',
  self: 'itself',
  silent: 'says nothing',
}

function belief(by: Member, about: Member): { what: Belief; node: NodeData | undefined } {
  if (by.name === about.name) return { what: 'self', node: undefined }
  if (by.says === null) return { what: 'silent', node: undefined }
  const node = by.says.nodes.find((n) => n.id === about.id && about.id !== '')
  if (node === undefined) return { what: 'unknown', node }
  const { flags } = node
  if (flags.includes('handshake')) return { what: 'handshake', node }
  if (flags.includes('fail')) return { what: 'fail', node }
  if (flags.includes('fail?')) return { what: 'pfail', node }
  return { what: node.pingWaitMs !== null && node.pingWaitMs > 20 ? 'waiting' : 'ok', node }
}

/** 0 fresh to 1 old: the PONG's age as a part of the node timeout. */
const ageOf = (node: NodeData | undefined, timeout: number): number =>
  node?.pongAgeMs === null || node === undefined ? 0 : Math.min(1, node.pongAgeMs / timeout)

export function Gossip({ picture }: { picture: ClusterPicture }) {
  const { members, view } = picture
  const about = useAbout(picture)
  const role = (m: Member) => (m.says?.nodes.find((n) => n.id === m.id) ?? m.seen)?.flags.includes('slave')
  return (
    <>
      <div className="gm-hold">
        <table className="gm">
          <thead>
            <tr>
              <th />
              {members.map((m) => (
                <th key={m.name} scope="col">
                  <button
                    type="button"
                    className={`link ${about?.name === m.name ? 'on' : ''}`}
                    aria-pressed={about?.name === m.name}
                    onClick={() => useSlotChoice.setState({ about: about?.name === m.name ? '' : m.name })}
                  >
                    {m.name}
                  </button>
                </th>
              ))}
              <th className="ep" scope="col">
                epoch
              </th>
            </tr>
          </thead>
          <tbody>
            {members.map((by) => (
              <tr key={by.name}>
                <th scope="row">
                  <span className={`role ${role(by) ? 'replica' : 'master'}`}>
                    <RoleMark role={role(by) ? 'replica' : 'master'} size={12} />
                    <span className="ink">{by.name}</span>
                  </span>
                </th>
                {members.map((m) => (
                  <Cell key={m.name} by={by} about={m} timeout={view.nodeTimeoutMs} />
                ))}
                <td className="ep mono">{by.says?.currentEpoch ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {about && <Verdict picture={picture} about={about} />}
      {about && <Detection picture={picture} about={about} />}
      <Forgotten picture={picture} />
      <TrafficEstimate picture={picture} />
    </>
  )
}

/** Who was chosen, else who is suspected. */
export function useAbout(picture: ClusterPicture): Member | null {
  const chosen = useSlotChoice((s) => s.about)
  const { members } = picture
  const suspected = members.find((m) => members.some((by) => ['pfail', 'fail'].includes(belief(by, m).what)))
  return members.find((m) => m.name === chosen) ?? suspected ?? null
}

/** How suspicion became fact, the last time: silence, agreement, the word to all. */
function Detection({ picture, about }: { picture: ClusterPicture; about: Member }) {
  const lanes = useEpochs(picture)
  const d = useMemo(() => detectionOf(lanes, about.id), [lanes, about.id])
  if (d === null) return null
  const ms = (from: number, to: number): string => {
    const micros = Math.max(0, to - from)
    return milliseconds(micros < 10_000 ? Math.round(micros / 100) * 100 : Math.round(micros / 1000) * 1000)
  }
  const phases = [
    { name: 'timeout', from: d.silent, to: d.suspected, say: `${d.by} waits in vain` },
    ...(d.failed === null
      ? []
      : [
          { name: 'agreement', from: d.suspected, to: d.failed, say: `${d.failedBy} has a majority` },
          { name: 'broadcast', from: d.failed, to: d.told, say: 'all are told' },
        ]),
  ]
  return (
    <dl className="detection" data-testid="detection">
      {phases.map((p) => (
        <div key={p.name} style={{ flexGrow: Math.max(1, Math.log2(1 + (p.to - p.from) / 1000)) }}>
          <dt>{p.name}</dt>
          <dd className="mono">{ms(p.from, p.to)}</dd>
          <dd>{p.say}</dd>
        </div>
      ))}
    </dl>
  )
}

/** CLUSTER FORGET keeps a node out for a minute, so that gossip does not bring it back. */
function Forgotten({ picture }: { picture: ClusterPicture }) {
  const rows = picture.members.flatMap((m) =>
    (m.says?.forgotten ?? []).filter((f) => f.leftMs > 0).map((f) => ({ by: m.name, ...f })),
  )
  if (rows.length === 0) return null
  return (
    <ul className="forgotten">
      {rows.map((r) => (
        <li key={`${r.by}${r.id}`}>
          {r.by} forgot {picture.nameOf(r.id)}: <b className="mono">{Math.ceil(r.leftMs / 1000)} s</b> until gossip may
          bring it back
        </li>
      ))}
    </ul>
  )
}

function Cell({ by, about, timeout }: { by: Member; about: Member; timeout: number }) {
  const { what, node } = belief(by, about)
  const ms = (n: number | null | undefined) => (n === null || n === undefined ? 'never' : `${n} ms ago`)
  const title =
    node === undefined
      ? `${by.name} of ${about.name}: ${WORDS[what]}`
      : `${by.name} of ${about.name}: ${WORDS[what]}. Last PONG ${ms(node.pongAgeMs)}${node.pingWaitMs === null ? '' : `, PING waits ${node.pingWaitMs} ms`}${node.linked ? '' : ', no link'}`
  return (
    <td className={`b-${what}`} title={title} aria-label={title} data-belief={what}>
      {what === 'self' ? (
        'self'
      ) : what === 'pfail' ? (
        <>
          <Icon name="sdown" size={11} />
          PF
        </>
      ) : what === 'fail' ? (
        <>
          <Icon name="odown" size={11} />F
        </>
      ) : what === 'handshake' ? (
        <Icon name="clock" size={11} />
      ) : what === 'unknown' || what === 'silent' ? (
        '-'
      ) : (
        <i className={`okd ${what}`} style={{ opacity: 1 - 0.65 * ageOf(node, timeout) }} />
      )}
    </td>
  )
}

/** Why a node is FAIL, or not yet. */
function Verdict({ picture, about }: { picture: ClusterPicture; about: Member }) {
  const { members, view } = picture
  const votes = (m: Member) => {
    const own = m.says?.nodes.find((n) => n.id === m.id)
    return own?.flags.includes('master') === true && own.slots > 0
  }
  const says = members.map((m) => ({ m, what: belief(m, about).what })).filter((x) => x.m.name !== about.name)
  const failed = says.some((x) => x.what === 'fail')
  const agree = says.filter((x) => votes(x.m) && (x.what === 'pfail' || x.what === 'fail')).map((x) => x.m.name)
  const others = says.filter((x) => !votes(x.m) && x.what === 'pfail').map((x) => x.m.name)
  const reports = about.seen?.reports ?? []
  if (!failed && agree.length === 0 && others.length === 0)
    return (
      <p className="cap gossip-say">
        Nobody suspects {about.name}. {picture.observer} heard its PONG {about.seen?.pongAgeMs ?? '-'} ms ago; after{' '}
        {view.nodeTimeoutMs} ms without one it is PFAIL.
      </p>
    )
  return (
    <div className="gossip-say">
      <Tag mark={failed ? 'odown' : 'sdown'} text={failed ? 'FAIL' : 'PFAIL'} />
      <p>
        {failed ? (
          <>
            <b>{about.name} is FAIL.</b> A majority of the {view.size} masters with slots reported it within{' '}
            {(2 * view.nodeTimeoutMs) / 1000} s; FAIL was then sent to every node.
          </>
        ) : (
          <>
            <b>{about.name} is not FAIL yet.</b> {agree.length} of the {view.quorum} masters needed{' '}
            {agree.length === 1 ? 'agrees' : 'agree'}
            {agree.length > 0 ? ` (${agree.join(', ')})` : ''}.
          </>
        )}{' '}
        {others.length > 0 &&
          `${others.join(' and ')} ${others.length === 1 ? 'suspects' : 'suspect'} it too, but a replica's report does not count. `}
        {reports.length > 0 &&
          `${picture.observer} holds reports of ${reports.map((r) => `${picture.nameOf(r.by)} (${(r.ageMs / 1000).toFixed(1)} s old)`).join(', ')}.`}
      </p>
    </div>
  )
}

export function TrafficEstimate({ picture }: { picture: ClusterPicture }) {
  const [chosen, setNodes] = useState(0)
  const nodes = chosen === 0 ? Math.max(3, picture.view.nodes.length) : chosen
  const rate = busBytesPerSecond(nodes, picture.view.nodeTimeoutMs)
  return (
    <label
      className="traffic"
      title="A PING and its PONG with each node every half node timeout, 104 bytes for each of N/10 nodes told of"
    >
      <span>Bus of</span>
      <input
        type="range"
        min={3}
        max={1000}
        value={nodes}
        aria-valuetext={`${nodes} nodes`}
        onChange={(e) => setNodes(Number(e.target.value))}
      />
      <output>
        <b className="mono">{nodes}</b> nodes: <b className="mono">{(rate / 1e6).toFixed(rate < 1e7 ? 2 : 0)} MB/s</b>
      </output>
    </label>
  )
}
