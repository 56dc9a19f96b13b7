/** The Slots screen: who owns which of the 16384 slots, who believes what, and a slot on its way. */
import { useState } from 'react'
import '../styles/slots.css'
import { Tabs } from '../parts/Tabs.tsx'
import { openScenario } from '../scenarios.ts'
import { useLab } from '../store.ts'
import { Partition } from './partition/Partition.tsx'

const SCREENS = ['Slots', 'Partitioning'] as const

export function Slots() {
  const [screen, setScreen] = useState<(typeof SCREENS)[number]>('Slots')
  const id = useLab((s) => s.session?.scenario.id ?? '')
  return (
    <div className="slots-stage">
      <Tabs label="Slots" names={SCREENS} value={screen} onChange={setScreen} id="slots" />
      <div className="slots-screen" role="tabpanel" id="slots-panel" aria-labelledby={`slots-${screen}`}>
        {screen === 'Partitioning' ? <Partition /> : !id.startsWith('cluster') ? <NoCluster /> : null}
      </div>
    </div>
  )
}

function NoCluster() {
  return (
    <div className="say">
      <p>The servers of this deployment are in no cluster, so no slot has an owner.</p>
      <button type="button" className="btn" onClick={() => openScenario('cluster')}>
        Open a cluster of six
      </button>
    </div>
  )
}
