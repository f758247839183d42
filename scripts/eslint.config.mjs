/**
 * What ESLint checks: type-aware rules that find bugs, and the boundaries between the parts. Layout is Prettier's.
 */
import tseslint from 'typescript-eslint';
import { boundaries } from './lib/eslintBoundaries.mjs';

export default tseslint.config(
  // src/kernel is AssemblyScript, which looks like TypeScript but is not.
  { ignores: ['node_modules/', 'dist/', 'out/', '.vscode-test/', 'src/kernel/'] },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    // ESLint's own rules that catch bugs; for TypeScript, the next entry turns off those that the compiler covers.
    rules: Object.fromEntries(
      [
        'eqeqeq no-async-promise-executor no-case-declarations no-cond-assign no-control-regex no-dupe-else-if',
        'no-duplicate-case no-dupe-keys no-empty no-empty-pattern no-fallthrough no-implicit-coercion',
        'no-loss-of-precision no-misleading-character-class no-redeclare no-regex-spaces no-self-assign',
        'no-self-compare no-shadow-restricted-names no-sparse-arrays no-template-curly-in-string no-unreachable',
        'no-unreachable-loop no-unsafe-finally no-unsafe-optional-chaining no-unused-vars no-useless-catch',
        'no-useless-escape no-var object-shorthand prefer-const use-isnan valid-typeof',
      ]
        .flatMap((names) => names.split(' '))
        .map((name) => [name, 'error']),
    ),
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { local: { rules: { boundaries } } },
    rules: {
      'local/boundaries': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // `void x()` says that nobody waits; a callback may return whatever its caller ignores.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      // An index into a typed array that was just checked is not undefined, whatever the type says.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNever: true },
      ],
      // An object that VS Code hands out as a Disposable need not come from its constructor.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // [...text] is how to get at code points.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // These two only have opinions on generic code, such as the types of the messages.
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // `describe` and `it` of node:test return promises that the runner awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['describe', 'it', 'suite', 'test'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
);
