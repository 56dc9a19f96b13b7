/** The nodes as the observer knows them. */
import { select } from '../actions.ts'
import { count } from '../format.ts'
import { RoleMark, Tag } from '../parts/glyphs.tsx'
import type { ClusterPicture } from './data.ts'
import { OwnerMark } from './owners.tsx'

export function Nodes({ picture }: { picture: ClusterPicture }) {
  const { members, ownerIndex, nameOf } = picture
  return (
    <table className="t nd">
      <thead>
        <tr>
          <th scope="col">node</th>
          <th scope="col">role</th>
          <th scope="col">address</th>
          <th scope="col" className="r">
            slots
          </th>
          <th scope="col" className="r">
            cfg epoch
          </th>
        </tr>
      </thead>
      <tbody>
        {members.map((m) => {
          const node = m.seen
          const replica = node?.flags.includes('slave') === true
          const down = node?.flags.includes('fail') ? 'odown' : node?.flags.includes('fail?') ? 'sdown' : null
          const look = ownerIndex.get(m.id)
          return (
            <tr key={m.name}>
              <th scope="row">
                <button type="button" className="link" onClick={() => select(m.name)}>
                  {m.name}
                </button>{' '}
                {look !== undefined && !replica && <OwnerMark i={look} size={9} />}
              </th>
              <td>
                {node === undefined ? (
                  <span className="ink3">not known</span>
                ) : (
                  <span className={`role ${replica ? 'replica' : 'master'}`}>
                    <RoleMark role={replica ? 'replica' : 'master'} size={13} />
                    {replica ? 'replica' : 'master'}
                  </span>
                )}{' '}
                {down && <Tag mark={down} text={down === 'odown' ? 'FAIL' : 'PFAIL'} short />}
              </td>
              <td className="mono">{node?.ip || '-'}</td>
              <td className="r">
                {replica ? `of ${node?.master ? nameOf(node.master) : '?'}` : node ? count(node.slots) : '-'}
              </td>
              <td className="r mono">{node?.configEpoch ?? '-'}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
