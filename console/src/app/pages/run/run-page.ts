import { Component } from '@angular/core';
@Component({ selector: 'am-run-page', template: '' })
export class RunPage {}
