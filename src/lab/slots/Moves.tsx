/** Moving slots, and what a node answers meanwhile. */
import { useState } from 'react'
import { Tabs } from '../parts/Tabs.tsx'
import { useSlotChoice } from './choice.ts'
import type { ClusterPicture } from './data.ts'
import { Decision } from './Decision.tsx'
import { Reshard } from './Reshard.tsx'

const NAMES = ['Reshard', 'Decision'] as const

export function Moves({ picture }: { picture: ClusterPicture }) {
  const [name, setName] = useState<(typeof NAMES)[number]>('Reshard')
  const range = useSlotChoice((s) => s.range)
  return (
    <>
      <div className="ph moves">
        <Tabs label="Reshard" names={NAMES} value={name} onChange={setName} id="slots-moves" />
        {name === 'Reshard' && (
          <span className="ink3 light hide-m">
            {range ? `slots ${range[0]} to ${range[1]}` : 'drag over the map for many slots'}
          </span>
        )}
      </div>
      <div className="pad" role="tabpanel" id="slots-moves-panel" aria-labelledby={`slots-moves-${name}`}>
        {/* What runs goes on while the other is looked at. */}
        <div hidden={name !== 'Reshard'}>
          <Reshard picture={picture} />
        </div>
        {name === 'Decision' && <Decision picture={picture} />}
      </div>
    </>
  )
}
