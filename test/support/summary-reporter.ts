import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Ends a run with one line that counts it, after a line for each test that was skipped: none is left out silently. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<unknown>): void {
    const tests: TestCase[] = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    for (const test of tests.filter((test) => test.result().state === 'skipped')) {
      console.log(`skipped: ${test.module.relativeModuleId} > ${test.fullName}`);
    }
    // A file that does not load and an error outside a test are failures too, though no test has failed.
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandledErrors.length;
    if (count('skipped') > 0) console.log(`${count('skipped')} skipped, as named above`);
    console.log(`${count('passed')} passed, ${count('failed') + broken} failed`);
  }
}
