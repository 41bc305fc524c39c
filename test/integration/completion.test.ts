import { describe } from 'vitest';
import { testCompletion } from '../../packages/cli/src/testing/completion-suite.ts';
import { ensurePackages } from '../services/apt.ts';

const packages = await ensurePackages(['zsh', 'fish']);
if (!packages.available) console.warn(`zsh and fish: the tests of completion are skipped. ${packages.reason}`);

describe.skipIf(!packages.available)('completion', () => {
  testCompletion('zsh');
  testCompletion('fish');
});
