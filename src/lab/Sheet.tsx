/** On a phone, the panels below the canvas share one sheet. */
import { InspectorBody, InspectorHead } from './inspector/Inspector.tsx'
import { Tabs } from './parts/Tabs.tsx'
import { lab, useLab } from './store.ts'
import { EventLog } from './terminal/LogPane.tsx'
import { CliPane } from './terminal/Terminals.tsx'
import { useNarrow } from './parts/use-narrow.ts'

export function Sheet() {
  const narrow = useNarrow()
  const sheet = useLab((s) => s.sheet)
  if (!narrow) return null
  return (
    <section className="sheet" aria-label="Details">
      <Tabs
        label="Details"
        names={['State', 'Terminal', 'Event log'] as const}
        value={sheet}
        onChange={(t) => lab.set({ sheet: t })}
        id="sheet"
      />
      <div className="sheet-body" role="tabpanel" id="sheet-panel" aria-labelledby={`sheet-${sheet.replace(' ', '-')}`}>
        {sheet === 'State' && (
          <>
            <div className="insp-head">
              <InspectorHead />
            </div>
            <InspectorBody />
          </>
        )}
        {sheet === 'Terminal' && <CliPane />}
        {sheet === 'Event log' && <EventLog />}
      </div>
    </section>
  )
}
