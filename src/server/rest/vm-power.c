/* SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

#include <string.h>

static int
get(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_autoptr(pv_vm) vm = NULL;
    g_autoptr(pv_vapi_power) power = NULL;
    int rc = pv_rest_hold(request, &hold, error);

    if (rc == 0)
        rc = pv_inv_hold_get(&hold, PV_VM_BASIC, request->task, &vm, error);
    if (rc < 0)
        return rc;
    power = pv_vapi_power_of(vm);
    pv_reply_struct(request, &pv_vapi_power_desc, power);
    return 0;
}

/* What vCenter says when an operation does not go with the state, whatever the back end said of it. */
static const struct refusal {
    enum pv_power_op op;
    const char *state;
    enum pv_vapi_error_type type;
    const char *id, *text;
} refusals[] = {
    { PV_POWER_OP_START, "POWERED_ON", PV_VAPI_ALREADY_IN_DESIRED_STATE, PV_VAPI_MSG_IS_ON,
      "Virtual machine is already powered on." },
    { PV_POWER_OP_STOP, "POWERED_OFF", PV_VAPI_ALREADY_IN_DESIRED_STATE, PV_VAPI_MSG_IS_OFF,
      "Virtual machine is already powered off." },
    { PV_POWER_OP_SUSPEND, "SUSPENDED", PV_VAPI_ALREADY_IN_DESIRED_STATE, PV_VAPI_MSG_IS_SUSPENDED,
      "Virtual machine is already suspended." },
    { PV_POWER_OP_SUSPEND, "POWERED_OFF", PV_VAPI_NOT_ALLOWED_IN_CURRENT_STATE, PV_VAPI_MSG_IS_OFF,
      "Virtual machine is powered off." },
    { PV_POWER_OP_RESET, "POWERED_OFF", PV_VAPI_NOT_ALLOWED_IN_CURRENT_STATE, PV_VAPI_MSG_IS_OFF,
      "Virtual machine is powered off." },
    { PV_POWER_OP_RESET, "SUSPENDED", PV_VAPI_NOT_ALLOWED_IN_CURRENT_STATE, PV_VAPI_MSG_IS_SUSPENDED,
      "Virtual machine is suspended." },
};

static const char *
state_words(const char *state)
{
    return strcmp(state, "POWERED_ON") == 0 ? "Powered on" : strcmp(state, "SUSPENDED") == 0 ? "Suspended"
                                                                                              : "Powered off";
}

static int
refuse(struct pv_request *request, const struct refusal *refusal)
{
    const struct pv_vapi_error *type = pv_vapi_error(refusal->type);
    g_autofree char *summary =
        g_strdup_printf("The attempted operation cannot be performed in the current state (%s).",
                        state_words(refusal->state));
    const struct pv_vapi_message messages[] = {
        { refusal->id, refusal->text, NULL },
        { "vmsg.InvalidPowerState.summary", summary, NULL },
    };

    pv_vapi_error_write(request->out, request->dialect, type, messages, G_N_ELEMENTS(messages));
    request->status = pv_vapi_error_status(type, request->dialect);
    return type->code;
}

/* The VM's state after the refusal decides; an error that has nothing to do with it stays as it is. */
static int
explain(struct pv_request *request, struct pv_inv_hold *hold, enum pv_power_op op, int code, pv_error **error)
{
    g_autoptr(pv_vm) vm = NULL;
    const char *state;

    if ((code != PV_ERR_STATE && code != PV_ERR_SAME_STATE) ||
        pv_inv_hold_get(hold, PV_VM_BASIC, request->task, &vm, NULL) < 0)
        return code;
    state = pv_vapi_power_name(vm->state);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++)
        if (refusals[i].op == op && strcmp(refusals[i].state, state) == 0) {
            pv_error_clear(error);
            return refuse(request, &refusals[i]);
        }
    return code;
}

static int
change(struct pv_request *request, pv_error **error)
{
    static const enum pv_power_op ops[] = {
        [PV_VAPI_POWER_START] = PV_POWER_OP_START,
        [PV_VAPI_POWER_STOP] = PV_POWER_OP_STOP,
        [PV_VAPI_POWER_SUSPEND] = PV_POWER_OP_SUSPEND,
        [PV_VAPI_POWER_RESET] = PV_POWER_OP_RESET,
    };
    enum pv_power_op op = ops[request->call->id];
    g_auto(pv_inv_hold) hold = { 0 };
    int rc = pv_rest_power(request, op, &hold, error);

    return rc < 0 && hold.conn ? explain(request, &hold, op, rc, error) : rc;
}

const struct pv_route pv_routes_vm_power[] = {
    { PV_VAPI_POWER_GET, get, PV_ROUTE_SLOW },
    { PV_VAPI_POWER_START, change, PV_ROUTE_SLOW },
    { PV_VAPI_POWER_STOP, change, PV_ROUTE_SLOW },
    { PV_VAPI_POWER_SUSPEND, change, PV_ROUTE_LONG },
    { PV_VAPI_POWER_RESET, change, PV_ROUTE_SLOW },
    { 0, NULL, 0 },
};
