import { testCompletion } from '../testing/completion-suite.ts';

// zsh and fish: test/integration/completion.test.ts.
testCompletion('bash');
