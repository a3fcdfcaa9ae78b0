/**
 * A clock that jumps: by `LORACLE_FAULT_CLOCK_HOURS` (several, one after the other, by commas), every
 * `LORACLE_FAULT_CLOCK_MS` milliseconds. What is measured by the monotonic clock stays as it is.
 */
import { role } from './role.ts'

const hours = (process.env['LORACLE_FAULT_CLOCK_HOURS'] ?? '').split(',').filter((text) => text !== '')
const every = Number(process.env['LORACLE_FAULT_CLOCK_MS'] ?? 150)

if (role !== 'thread' && hours.length > 0) {
  const real = Date.now.bind(Date)
  const began = performance.now()
  const jumped = (): number => {
    const index = Math.floor((performance.now() - began) / every) % hours.length
    return real() + Number(hours[index]) * 3_600_000
  }
  const Real = Date
  globalThis.Date = new Proxy(Real, {
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [jumped()] : values, newTarget) as object,
    get: (target, name, receiver) =>
      name === 'now' ? jumped : (Reflect.get(target, name, receiver) as unknown),
  })
}
