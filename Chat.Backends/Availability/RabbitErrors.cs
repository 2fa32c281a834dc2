using System.Net.Sockets;
using RabbitMQ.Client.Exceptions;

namespace Chat.Backends.Availability;

/// <summary>
/// AMQP's reply codes (AMQP 0-9-1, 1.2 "AMQP-defined constants"; RabbitMQ's amqp-0-9-1-reference) and the client's exceptions.
/// </summary>
internal static class RabbitErrors
{
    private static readonly Dictionary<int, Verdict> ReplyCodes = new()
    {
        [320] = Verdict.Unavailable, // connection-forced: stopped by an operator, or shutting down
        [312] = Verdict.Unavailable, // no-route: no queue took a mandatory message; connecting again declares it
        [404] = Verdict.Unavailable, // not-found: the queue is not declared, or its node is down
        [541] = Verdict.Unavailable, // internal-error
        [405] = Verdict.Contended, // resource-locked
        [402] = Verdict.Refused, // invalid-path: no such virtual host
        [403] = Verdict.Refused, // access-refused
        [406] = Verdict.Refused, // precondition-failed: the queue was declared with other arguments
        [506] = Verdict.Refused, // resource-error
        [530] = Verdict.Refused, // not-allowed
        [311] = Verdict.WrongData, // content-too-large
        [501] = Verdict.Bug, // frame-error
        [502] = Verdict.Bug, // syntax-error
        [503] = Verdict.Bug, // command-invalid
        [504] = Verdict.Bug, // channel-error
        [505] = Verdict.Bug, // unexpected-frame
        [540] = Verdict.Bug, // not-implemented
    };

    /// <summary>The verdict on a reply code. An unknown one closes something, too: <see cref="Verdict.Unavailable"/>.</summary>
    public static Verdict Classify(int replyCode) => ReplyCodes.GetValueOrDefault(replyCode, Verdict.Unavailable);

    /// <summary>The verdict on what the client threw.</summary>
    public static Verdict Classify(Exception e) => e switch
    {
        AggregateException { InnerException: { } inner } => Classify(inner),
        BackendUnavailableException known => known.Verdict,
        AuthenticationFailureException or PossibleAuthenticationFailureException => Verdict.Refused,
        BrokerUnreachableException { InnerException: { } inner } when Classify(inner) == Verdict.Refused => Verdict.Refused,
        // Closed on our side when a connection is given up; the code of the reason is 200.
        OperationInterruptedException { ShutdownReason: { } reason } => Classify(reason.ReplyCode),
        PublishReturnException returned => Classify(returned.ReplyCode),
        // A nack: the queue is full or lost its leader.
        PublishException or ChannelAllocationException => Verdict.Busy,
        TimeoutException or OperationCanceledException => Verdict.Busy,
        ProtocolException protocol => Classify(protocol.ReplyCode),
        WireFormattingException => Verdict.Bug,
        RabbitMQClientException or IOException or SocketException or ObjectDisposedException => Verdict.Unavailable,
        _ => Verdict.Bug,
    };

    /// <summary>Whether trying again later, or another way, makes sense; the rest is a fault of ours.</summary>
    public static bool IsPassing(Exception e) => Classify(e) is not (Verdict.WrongData or Verdict.Bug);
}
