/** What a node says to a request, question by question: the branch that is taken is lit. */
import { useMemo, useState } from 'react'
import { utf8Encode } from '../../engine/bytes/bytes.ts'
import { keyHashSlot } from '../../engine/bytes/crc16.ts'
import type { Question } from '../../engine/inspect/cluster-route.ts'
import { Icon } from '../parts/icons.tsx'
import { useView } from '../parts/use-view.ts'
import { typeInto } from '../structures/Cli.tsx'
import { useSlotChoice } from './choice.ts'
import type { ClusterPicture } from './data.ts'
import { word } from './reshard-plan.ts'

interface RouteData {
  readonly asked: readonly (readonly [Question, boolean])[]
  readonly reply: string
  readonly slot: number
}
interface Step {
  readonly q: Question
  readonly text: string
  /** What ends it: when the answer is yes, when it is no. */
  readonly yes?: string
  readonly no?: string
}
const STEPS: readonly Step[] = [
  { q: 'one slot', text: 'All keys in one slot?', no: 'CROSSSLOT' },
  { q: 'owned', text: 'Does anybody have the slot?', no: 'CLUSTERDOWN' },
  { q: 'ok', text: 'Is the cluster ok?', no: 'CLUSTERDOWN' },
  { q: 'migrating', text: 'Mine, and MIGRATING?' },
  { q: 'all here', text: 'Are all its keys still here?', yes: 'served' },
  { q: 'some here', text: 'Some of them?', yes: 'TRYAGAIN', no: 'ASK' },
  { q: 'asking', text: 'IMPORTING, and ASKING came first?' },
  { q: 'together', text: 'One key, or all of several here?', yes: 'served', no: 'TRYAGAIN' },
  { q: 'mine', text: 'Is the slot mine?', yes: 'served', no: 'MOVED' },
]
const MEANING: Readonly<Record<string, string>> = {
  MOVED: 'From now on ask there; a client with a slot map corrects it.',
  ASK: 'This once ask there, ASKING first; the map stays as it is.',
  TRYAGAIN: 'The keys are on two nodes; in a moment they will be on one.',
  CROSSSLOT: 'One request, one slot: split it, or give the keys one hash tag.',
  CLUSTERDOWN: 'Nobody serves it now.',
}

export function Decision({ picture }: { picture: ClusterPicture }) {
  const key = useSlotChoice((s) => s.key)
  const [command, setCommand] = useState('GET')
  const [second, setSecond] = useState('')
  const [client, setClient] = useState('warm')
  const [asking, setAsking] = useState(false)
  const slot = keyHashSlot(utf8Encode(key))
  const ownerId = picture.view.owners.find(([a, b]) => slot >= a && slot <= b)?.[2] ?? ''
  const running = picture.members.filter((m) => m.says !== null)
  const owner = running.find((m) => m.id === ownerId)
  // A client that knows nothing asks whom it was told of first; a warm one has the owner in its map.
  const cold = running.find((m) => m !== owner && m.seen?.flags.includes('master')) ?? running[0]
  const node = client === 'warm' ? (owner ?? cold) : client === 'cold' ? cold : running.find((m) => m.name === client)
  const keys = command === 'MGET' && second !== '' ? [key, second] : [key]
  const args = JSON.stringify(['route', command, asking ? '1' : '0', ...keys.map(utf8Encode)])
  const route = useView(
    node?.name ?? '',
    'cluster',
    useMemo(() => JSON.parse(args) as string[], [args]),
  ) as RouteData | null | undefined
  const line = `${command} ${keys.map(word).join(' ')}${command === 'SET' ? ' 1' : ''}`
  const end = route ? (route.reply === '' ? 'served' : (/^-(\w+)/.exec(route.reply)?.[1] ?? '')) : ''
  return (
    <div className="decision">
      <div className="probe">
        <select className="field" aria-label="Command" value={command} onChange={(e) => setCommand(e.target.value)}>
          {['GET', 'SET', 'MGET'].map((c) => (
            <option key={c}>{c}</option>
          ))}
        </select>
        <input
          className="field mono"
          aria-label="Key of the probe"
          value={key}
          onChange={(e) => {
            const next = e.target.value
            useSlotChoice.setState({ key: next, slot: keyHashSlot(utf8Encode(next)), range: null })
          }}
        />
        {command === 'MGET' && (
          <input
            className="field mono"
            aria-label="Second key"
            placeholder="second key"
            value={second}
            onChange={(e) => setSecond(e.target.value)}
          />
        )}
        <select className="field" aria-label="Who asks whom" value={client} onChange={(e) => setClient(e.target.value)}>
          <option value="warm">a warm client: {owner?.name ?? '-'}</option>
          <option value="cold">a cold client: {cold?.name ?? '-'}</option>
          {running.map((m) => (
            <option key={m.name} value={m.name}>
              asks {m.name}
            </option>
          ))}
        </select>
        <label className="check">
          <input type="checkbox" checked={asking} onChange={(e) => setAsking(e.target.checked)} />
          ASKING
        </label>
        <button
          type="button"
          className="btn small"
          data-testid="send-probe"
          disabled={node === undefined}
          onClick={() => node && typeInto(node.name, asking ? ['ASKING', line] : [line])}
        >
          Send
        </button>
      </div>
      <ol className="flow" aria-label={`What ${node?.name ?? 'a node'} asks itself`}>
        {STEPS.map((s) => {
          const said = route?.asked.find(([q]) => q === s.q)?.[1]
          const ends = said === undefined ? undefined : said ? s.yes : s.no
          return (
            <li key={s.q} className={said === undefined ? 'off' : ends ? 'end' : 'on'} data-question={s.q}>
              <span className="ans">{said === undefined ? <Icon name="circ" size={10} /> : said ? 'yes' : 'no'}</span>
              <span>{s.text}</span>
              <span className="ways">
                {s.yes && <i className={said === true ? 'lit' : ''}>yes: {s.yes}</i>}
                {s.no && <i className={said === false ? 'lit' : ''}>no: {s.no}</i>}
              </span>
            </li>
          )
        })}
      </ol>
      <p className="flow-reply" role="status">
        <b className={`mono ${end === 'served' ? '' : 'warn'}`} data-testid="route-reply">
          {route ? route.reply || `served by ${node?.name}` : '-'}
        </b>{' '}
        {MEANING[end] ?? ''}
      </p>
    </div>
  )
}
