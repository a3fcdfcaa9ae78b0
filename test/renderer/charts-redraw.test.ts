import { describe, expect, test } from 'vitest'
import { createRedrawSchedule, redrawInterval } from '../../renderer/charts/redraw-schedule.ts'
import type { RedrawClock } from '../../renderer/charts/redraw-schedule.ts'

/** A window whose time runs when told to, painting sixty times a second. */
function steppedClock() {
  let now = 0
  let jobs: { at: number; run: () => void }[] = []
  const plan = (at: number, run: () => void): (() => void) => {
    const job = { at, run }
    jobs.push(job)
    return () => {
      jobs = jobs.filter((one) => one !== job)
    }
  }
  const clock: RedrawClock = {
    now: () => now,
    onFrame: (callback) => plan((Math.floor(now / 16) + 1) * 16, callback),
    after: (milliseconds, callback) => plan(now + milliseconds, callback),
  }
  const run = (milliseconds: number, each: () => void = () => undefined): void => {
    for (const end = now + milliseconds; now < end; now++) {
      each()
      for (const job of jobs.filter(({ at }) => at <= now)) {
        jobs = jobs.filter((one) => one !== job)
        job.run()
      }
    }
  }
  return { clock, run, waiting: () => jobs.length }
}

describe('redraw schedule', () => {
  test('many asks a second become four redraws', () => {
    const { clock, run } = steppedClock()
    let drawn = 0
    const schedule = createRedrawSchedule(
      () => (drawn += 1),
      () => 250,
      clock,
    )
    run(10_000, schedule.ask)
    expect(drawn).toBeGreaterThanOrEqual(36)
    expect(drawn).toBeLessThanOrEqual(41)
  })

  test('the first is drawn at the next frame, and an idle chart asks for none', () => {
    const { clock, run, waiting } = steppedClock()
    let drawn = 0
    const schedule = createRedrawSchedule(
      () => (drawn += 1),
      () => 250,
      clock,
    )
    schedule.ask()
    run(20)
    expect(drawn).toBe(1)
    run(5_000)
    expect(drawn).toBe(1)
    expect(waiting()).toBe(0)
  })

  test('hidden draws nothing; shown again draws once what was asked for', () => {
    const { clock, run, waiting } = steppedClock()
    let drawn = 0
    const schedule = createRedrawSchedule(
      () => (drawn += 1),
      () => 250,
      clock,
    )
    schedule.setVisible(false)
    run(5_000, schedule.ask)
    expect([drawn, waiting()]).toEqual([0, 0])
    schedule.setVisible(true)
    run(300)
    expect(drawn).toBe(1)
  })

  test('nothing is drawn after dispose', () => {
    const { clock, run } = steppedClock()
    let drawn = 0
    const schedule = createRedrawSchedule(
      () => (drawn += 1),
      () => 250,
      clock,
    )
    schedule.ask()
    schedule.dispose()
    run(1_000)
    expect(drawn).toBe(0)
  })

  test('a long run is drawn as often as a pixel fills, between every two seconds and four times a second', () => {
    expect(redrawInterval(20, 0.5)).toBe(250)
    expect(redrawInterval(20, 10)).toBe(500)
    expect(redrawInterval(20, 80)).toBe(2000)
    expect(redrawInterval(0, 80)).toBe(250)
  })
})

test('schedules that were asked at different times draw in the same frame', () => {
  const { clock, run } = steppedClock()
  const drawnAt: number[][] = [[], []]
  const schedules = drawnAt.map((times, index) =>
    createRedrawSchedule(
      () => times.push(clock.now()),
      () => (index === 0 ? 250 : 500),
      clock,
    ),
  )
  schedules[0]?.ask()
  run(130)
  schedules[1]?.ask()
  run(3000, () => schedules.forEach((schedule) => schedule.ask()))
  const [often = [], seldom = []] = drawnAt
  expect(seldom.length).toBeGreaterThan(4)
  expect(seldom.slice(1).every((time) => often.includes(time))).toBe(true)
})
