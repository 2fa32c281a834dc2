using Chat.Contracts;

namespace Chat.Web.Pages;

/// <summary>Every text of the pages that render on the server, English first.</summary>
internal static class PageTexts
{
    public const string SignIn = "Sign in";
    public const string SignUp = "Sign up";
    public const string SignedOut = "Signed out";
    public const string SignedOutText = "This device no longer keeps anything of your chats.";
    public const string Username = "Username";
    public const string Password = "Password";
    public const string HaveAccount = "Have an account?";
    public const string NoAccount = "New here?";
    public const string NeedsScript = "The chat itself needs scripts; signing in does not.";

    public static string UsernameHint => $"{Limits.UsernameMin} to {Limits.UsernameMax} of a–z, 0–9, dot, dash and underscore. Others mention you by it.";

    public static string PasswordHint => $"At least {Limits.PasswordMin} characters.";

    public static string Problem(string code) => code switch
    {
        ErrorCodes.UsernameTaken => "This username is taken.",
        ErrorCodes.InvalidUsername => "A username has " + UsernameHint[..1].ToLowerInvariant() + UsernameHint[1..],
        ErrorCodes.WeakPassword => $"Choose a password of {Limits.PasswordMin} to {Limits.PasswordMax} characters that is hard to guess.",
        ErrorCodes.InvalidCredentials => "Username or password is not right.",
        ErrorCodes.TooManyAttempts => "Too many attempts. Wait a little before you try again.",
        ErrorCodes.Unavailable => "The chat cannot be reached at the moment. Try again soon.",
        _ => "That did not work. Try again.",
    };
}
