// For the linter, which does not read .vue files; the type check knows their real types.
declare module "*.vue" {
  import type { DefineComponent } from "vue";
  const component: DefineComponent;
  export default component;
}
