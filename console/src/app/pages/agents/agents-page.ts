import { Component } from '@angular/core';
@Component({ selector: 'am-agents-page', template: '' })
export class AgentsPage {}
