// Every text that reaches the page passes here, whoever wrote it, so that no template can forget to make it visible.
import { inject, provideEnvironmentInitializer, type Renderer2, RendererFactory2 } from '@angular/core';
import { visible } from '../util/visible.ts';

/** Attributes whose text people read. */
const READ = new Set(['title', 'aria-label', 'alt', 'placeholder']);

const shown = (name: string, value: unknown): unknown =>
  READ.has(name) && typeof value === 'string' ? visible(value) : value;

/** Makes a renderer write visible text only. What is typed into fields is their value, and stays as it is. */
const guard = (renderer: Renderer2): Renderer2 => {
  const createText = renderer.createText.bind(renderer);
  const setValue = renderer.setValue.bind(renderer);
  const setAttribute = renderer.setAttribute.bind(renderer);
  const setProperty = renderer.setProperty.bind(renderer);
  renderer.createText = (value) => createText(visible(value)) as unknown;
  renderer.setValue = (node, value) => {
    setValue(node, visible(value));
  };
  renderer.setAttribute = (element, name, value, namespace) => {
    setAttribute(element, name, shown(name, value) as string, namespace);
  };
  renderer.setProperty = (element, name, value) => {
    setProperty(element, name, shown(name, value));
  };
  return renderer;
};

/** Guards every renderer of the application, once each. */
export const provideVisibleText = () =>
  provideEnvironmentInitializer(() => {
    const factory = inject(RendererFactory2);
    const create = factory.createRenderer.bind(factory);
    const guarded = new WeakSet<Renderer2>();
    factory.createRenderer = (...given) => {
      const renderer = create(...given);
      if (guarded.has(renderer)) return renderer;
      guarded.add(renderer);
      return guard(renderer);
    };
  });
